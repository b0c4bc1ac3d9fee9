import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from tfsiamese.errors import ExportError
from tfsiamese.servables import ModelConfig, check_model_name, read_model_config, write_model_config

HAND_WRITTEN = """
# Two models on one server.
model_config_list: {
  config: { name: 'other', base_path: '/models/other', model_platform: 'tensorflow' }
  config: {
    name: 'jobs', base_path: '/srv/jobs', model_platform: 'tensorflow',
    model_version_policy: { specific: { versions: 42 versions: 43 } }
    version_labels: { key: 'stable' value: 42 }
    version_labels: { key: 'canary' value: 43 }
    logging_config: { sampling_config: { sampling_rate: 0.5 } }
  }
}
"""

LABELLED = ModelConfig("jobs", "/models/jobs", (1, 2), {"stable": 2})


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "jobs"
    folder.mkdir()
    return folder


def _entry(policy: str) -> str:
    return f"model_config_list {{ config {{ name: 'jobs' base_path: '/models/jobs' {policy} }} }}"


def _parsed(base: Path) -> model_server_config_pb2.ModelServerConfig:
    return text_format.Parse((base / "models.config").read_text(), model_server_config_pb2.ModelServerConfig())


class TestReading:
    def test_a_model_without_a_file_has_no_configuration(self, base):
        assert read_model_config(base) is None

    def test_of_several_models_the_one_named_like_the_folder_is_read(self, base):
        (base / "models.config").write_text(HAND_WRITTEN)
        expected = ModelConfig("jobs", "/srv/jobs", (42, 43), {"stable": 42, "canary": 43})
        assert read_model_config(base) == expected

    def test_a_single_model_may_have_another_name_than_the_folder(self, base):
        (base / "models.config").write_text("model_config_list { config { name: 'titles' base_path: '/m/titles' } }")
        assert read_model_config(base) == ModelConfig("titles", "/m/titles")

    @pytest.mark.parametrize(
        ("policy", "served"),
        [
            ("", [30]),
            ("model_version_policy { }", [30]),
            ("model_version_policy { latest { } }", [30]),
            ("model_version_policy { latest { num_versions: 0 } }", [30]),
            ("model_version_policy { latest { num_versions: 2 } }", [20, 30]),
            ("model_version_policy { latest { num_versions: 9 } }", [3, 20, 30]),
            ("model_version_policy { all { } }", [3, 20, 30]),
            ("model_version_policy { specific { versions: 20 versions: 4 } }", [20]),
            ("model_version_policy { specific { versions: 4 } }", []),
            ("model_version_policy { specific { } }", []),
        ],
    )
    def test_the_policy_says_which_versions_are_served(self, base, policy, served):
        (base / "models.config").write_text(_entry(policy))
        config = read_model_config(base)
        assert config is not None
        assert config.served([30, 3, 20]) == served
        assert config.served([]) == []

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("model_config_list { config { name: 1 } }", "cannot be read as a ModelServerConfig in text format"),
            ("model_config_list {", "cannot be read as a ModelServerConfig"),
            ("{}", "cannot be read as a ModelServerConfig"),
            ("\N{LATIN SMALL LETTER E WITH ACUTE}".encode("latin-1"), "cannot be read as a ModelServerConfig"),
            ("", "has the models: none"),
            ("model_config_list { config { name: 'a' } config { name: 'b' } }", "has the models: 'a', 'b'"),
            ("model_config_list { config { base_path: '/models/jobs' } }", "has a model without a name"),
        ],
    )
    def test_a_damaged_file_is_named(self, base, content, message):
        (base / "models.config").write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(ExportError, match=rf"models\.config {message}"):
            read_model_config(base)


class TestWriting:
    def test_without_labels_the_newest_version_alone_is_served(self, base):
        write_model_config(base, LABELLED.with_labels({}, [3, 7]))
        entry = _parsed(base).model_config_list.config[0]
        assert (entry.name, entry.base_path, entry.model_platform) == ("jobs", "/models/jobs", "tensorflow")
        assert entry.model_version_policy.latest.num_versions == 1
        assert not entry.version_labels

    def test_with_labels_the_labelled_versions_and_the_newest_are_served(self, base):
        write_model_config(base, LABELLED.with_labels({"stable": 3, "canary": 5}, [7, 3, 5, 4]))
        entry = _parsed(base).model_config_list.config[0]
        assert list(entry.model_version_policy.specific.versions) == [3, 5, 7]
        assert dict(entry.version_labels) == {"stable": 3, "canary": 5}

    @pytest.mark.parametrize(
        ("versions", "newest", "expected"),
        [((2, 9), 1, (2,)), ((8, 9), 1, None), (None, 3, None), (None, None, None)],
    )
    def test_what_someone_chose_by_hand_stays_where_there_are_no_labels(self, versions, newest, expected):
        config = ModelConfig("jobs", "/models/jobs", versions, newest=newest)
        assert config.with_labels({}, [1, 2, 3]) == ModelConfig("jobs", "/models/jobs", expected, newest=newest)

    @pytest.mark.parametrize(
        "config",
        [
            ModelConfig("jobs", "/models/jobs"),
            ModelConfig("a.b_c-1", "gs://bucket/jobs", (2, 5), {"stable": 2}),
            ModelConfig("jobs", "/models/jobs", newest=3),
            ModelConfig("jobs", "/models/jobs", newest=None),
        ],
    )
    def test_what_is_written_is_read_back(self, base, config):
        write_model_config(base, config)
        assert read_model_config(base) == config

    def test_other_models_and_other_settings_stay(self, base):
        (base / "models.config").write_text(HAND_WRITTEN)
        write_model_config(base, ModelConfig("jobs", "/models/jobs"))
        other, entry = _parsed(base).model_config_list.config
        assert other.name == "other"
        assert entry.logging_config.sampling_config.sampling_rate == 0.5
        assert entry.model_version_policy.WhichOneof("policy_choice") == "latest" and not entry.version_labels

    def test_nothing_but_the_file_is_left(self, base):
        write_model_config(base, ModelConfig("jobs", "/models/jobs"))
        write_model_config(base, ModelConfig("jobs", "/models/jobs", (1,)))
        assert [path.name for path in base.iterdir()] == ["models.config"]

    @pytest.mark.parametrize(
        ("config", "message"),
        [
            (ModelConfig("jobs", "models/jobs"), r"base path to be absolute.*Received: 'models/jobs'"),
            (ModelConfig("jobs", "/m", ()), "at least one version to serve"),
            (ModelConfig("jobs", "/m", None, {"stable": 1}), "'stable' is one of version 1.*served are: the newest"),
            (ModelConfig("jobs", "/m", (2, 3), {"stable": 1}), "'stable' is one of version 1.*served are: 2, 3"),
            (ModelConfig("jobs", "/m", (1,), {"a/b": 1}), "a version's label to consist of"),
        ],
    )
    def test_a_configuration_that_no_server_takes_is_not_written(self, base, config, message):
        with pytest.raises(ExportError, match=message):
            write_model_config(base, config)
        assert not list(base.iterdir())

    def test_a_damaged_file_is_not_overwritten(self, base):
        (base / "models.config").write_text("model_config_list {")
        with pytest.raises(ExportError, match="Correct or delete the file"):
            write_model_config(base, ModelConfig("jobs", "/models/jobs"))
        assert (base / "models.config").read_text() == "model_config_list {"

    def test_two_models_of_one_name_are_refused(self, base):
        (base / "models.config").write_text(HAND_WRITTEN)
        with pytest.raises(ExportError, match="has another model 'other'"):
            write_model_config(base, ModelConfig("other", "/models/jobs"))


class TestNames:
    @pytest.mark.parametrize("name", ["jobs", "Jobs_2", "a.b-c", "1", "_x"])
    def test_safe_names_are_taken(self, name):
        check_model_name(name)

    @pytest.mark.parametrize(
        "name", ["", " ", "a b", "a/b", "a:b", "..", ".jobs", "-jobs", "jöbs", "jobs\n", "a?b", "a%20"]
    )
    def test_names_that_break_a_url_are_refused(self, name):
        with pytest.raises(ExportError, match="Expected the model's name to consist of letters"):
            check_model_name(name)


def test_a_server_reads_the_configuration_without_tensorflow(base):
    write_model_config(base, ModelConfig("jobs", "/models/jobs").with_labels({"stable": 1}, [1, 2]))
    code = (
        "import sys, pathlib, tfsiamese.servables as servables\n"
        "config = servables.read_model_config(pathlib.Path(sys.argv[1]))\n"
        "sys.exit(f'{config.served([1, 2, 3])} {servables.read_batching_parameters(pathlib.Path(sys.argv[1]))} '\n"
        "         f'{\"tensorflow\" in sys.modules}')"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code, base], capture_output=True, text=True, timeout=120, check=False
    )
    assert finished.stderr.strip() == "[1, 2] None False"
