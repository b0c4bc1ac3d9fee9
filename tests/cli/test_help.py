import io
import sys

import pytest

from tests.cli.conftest import Command
from tfsiamese.cli.main import main

VERBS = ("train", "launch", "evaluate", "encode", "export", "inspect", "label", "serve", "plot", "data")

# Options that a user reads about elsewhere, and that help has to name.
OPTIONS = {
    "train": ["--out", "--encoder", "--resume", "--head", "--loss", "--epochs", "--batch-size", "--sts", "--labels"],
    "launch": ["--workers", "--cluster", "--gpus-per-worker"],
    "evaluate": ["--sts", "--pairs", "--json", "--score-range"],
    "encode": ["--out", "--normalize"],
    "export": ["--out", "--version", "--precision", "--dimension", "--corpus", "--label", "--check"],
    "inspect": ["DIR", "--json", "--check"],
    "label": ["DIR", "LABEL", "VERSION", "--remove"],
    "serve": ["DIR", "--port", "--timeout"],
    "plot": ["--labels", "--out", "--compare"],
    "data": ["NAME", "stsb"],
}


@pytest.mark.parametrize("verb", VERBS)
def test_help_names_the_options_of_a_verb(command: Command, verb: str):
    result = command(verb, "--help")
    assert result.status == 0
    assert result.err == ""
    assert result.out.startswith(f"usage: tfsiamese {verb} ")
    assert [option for option in OPTIONS[verb] if option not in result.out] == []


@pytest.mark.parametrize("verb", VERBS)
def test_help_can_be_printed_where_standard_output_takes_ascii_only(verb: str, monkeypatch: pytest.MonkeyPatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    sys.stdout.flush()
    assert ended.value.code == 0
    assert f"tfsiamese {verb}".encode() in written.getvalue()


def test_the_version_is_printed(command: Command):
    result = command("--version")
    assert result.status == 0
    assert result.out.split()[0] == "tfsiamese"
    assert result.out.split()[1][0].isdigit()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "COMMAND"),
        (["trian", "pairs.csv"], "'trian'"),
        (["train", "pairs.csv"], "--out"),
        (["train", "--out", "run"], "PAIRS"),
        (["train", "pairs.csv", "--out", "run", "--epochs", "two"], "--epochs"),
        (["train", "pairs.csv", "--out", "run", "--head", "euclidean"], "'euclidean'"),
        (["encode", "encoder", "texts.txt"], "--out"),
        (["plot", "encoder", "--out", "x.png"], "--labels"),
        (["data"], "NAME"),
    ],
)
def test_wrong_usage_ends_with_status_2_and_names_the_argument(command: Command, arguments: list[str], named: str):
    result = command(*arguments)
    assert result.status == 2
    assert result.out == ""
    assert named in result.err.splitlines()[-1]
