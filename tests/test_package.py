import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import tfsiamese
from tfsiamese import errors

HEAVY = ("tensorflow", "tensorflow_text", "tensorflow_hub", "keras", "pandas", "matplotlib")


def _run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True)


class TestLazyImports:
    def test_importing_the_package_imports_nothing_heavy_and_has_no_side_effect(self):
        result = _run(
            """
            import json, os, sys
            before = dict(os.environ)
            import tfsiamese
            print(json.dumps({"modules": list(sys.modules), "same": before == dict(os.environ)}))
            """
        )
        answer = json.loads(result.stdout)
        assert [name for name in HEAVY if name in answer["modules"]] == []
        assert answer["same"]
        assert result.stderr == ""

    @pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["train", "--help"], ["no-such-verb"]])
    def test_help_and_usage_errors_are_answered_without_tensorflow(self, arguments):
        result = _run(
            """
            import json, sys
            from tfsiamese.cli.main import main
            try:
                main(sys.argv[1:])
            except SystemExit:
                pass
            print()
            print(json.dumps(list(sys.modules)))
            """,
            *arguments,
        )
        modules = json.loads(result.stdout.splitlines()[-1])
        assert [name for name in ("tensorflow", "keras") if name in modules] == []
        assert "tfsiamese" in result.stdout + result.stderr

    def test_the_command_is_installed_and_names_its_verbs(self):
        command = Path(sys.executable).with_name("tfsiamese")
        result = subprocess.run([command, "--help"], capture_output=True, text=True, check=True)
        for verb in ("train", "evaluate", "encode", "export", "plot", "data"):
            assert f"\n    {verb} " in result.stdout

    def test_every_public_name_can_be_had(self):
        for name in tfsiamese.__all__:
            assert getattr(tfsiamese, name) is not None
            assert name in dir(tfsiamese)

    def test_the_names_of_the_contract_are_there(self):
        contract = {"load_encoder", "read_pairs", "Siamese", "fit", "evaluate_sts", "export_saved_model"}
        assert contract <= set(tfsiamese.__all__)

    def test_a_name_that_does_not_exist_is_an_attribute_error(self):
        with pytest.raises(AttributeError, match="module 'tfsiamese' has no attribute 'load_encodr'"):
            tfsiamese.load_encodr  # noqa: B018


class TestErrors:
    def test_every_error_has_the_common_base(self):
        for name in errors.__all__:
            assert issubclass(getattr(errors, name), errors.TfSiameseError)

    def test_the_common_base_is_no_builtin_in_disguise(self):
        assert errors.TfSiameseError.__bases__ == (Exception,)


def test_the_package_is_typed():
    assert Path(tfsiamese.__file__).with_name("py.typed").is_file()
