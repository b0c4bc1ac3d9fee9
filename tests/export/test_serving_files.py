import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import yaml

from tfsiamese.errors import ExportError
from tfsiamese.export.server_command import docker_command, kubernetes_manifest, kubernetes_name
from tfsiamese.export.serving_files import write_serving_files
from tfsiamese.servables import (
    BatchingParameters,
    ModelConfig,
    SavedModelFile,
    read_batching_parameters,
    read_model_config,
)

BATCHING = BatchingParameters(48, 1500, 20, 3, (1, 16, 48))


@pytest.fixture(scope="module")
def versions(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base folder of a model with the versions 1 and 4. Not to be changed."""
    base = tmp_path_factory.mktemp("models") / "jobs"
    for number in ("1", "4"):
        shutil.copytree(tiny_folder, base / number)
    return base


@pytest.fixture
def base(versions: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(versions, tmp_path / "jobs"))


@pytest.fixture(scope="module")
def written(versions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose files are written, with a label. Not to be changed."""
    base = Path(shutil.copytree(versions, tmp_path_factory.mktemp("written") / "jobs"))
    write_serving_files(base, ModelConfig("jobs.v2", "/models/jobs.v2").with_labels({"stable": 1}, [1, 4]), BATCHING)
    return base


def _readme(base: Path) -> str:
    return (base / "README.md").read_text(encoding="utf-8")


def _blocks(base: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", _readme(base), re.MULTILINE | re.DOTALL)


def _flags(arguments: list[str]) -> dict[str, str]:
    return dict(argument.removeprefix("--").split("=", 1) for argument in arguments)


def _requests(base: Path) -> list[tuple[str, dict[str, Any]]]:
    """The address and body of every request that the README makes."""
    lines = [line for block in _blocks(base, "sh") for line in block.splitlines() if line.startswith("curl -d ")]
    words = [shlex.split(line) for line in lines]
    return [(address, json.loads(body)) for _, _, body, address in words]


class TestFiles:
    def test_all_four_stand_beside_the_versions(self, written):
        expected = ["1", "4", "README.md", "batching_parameters.txt", "models.config", "monitoring.config"]
        assert sorted(path.name for path in written.iterdir()) == expected

    def test_they_hold_what_was_asked_for(self, written):
        assert read_model_config(written) == ModelConfig("jobs.v2", "/models/jobs.v2", (1, 4), {"stable": 1})
        assert read_batching_parameters(written) == BATCHING

    def test_metrics_are_on(self, written):
        lines = (written / "monitoring.config").read_text().splitlines()
        words = " ".join(line for line in lines if not line.startswith("#")).split()
        expected = 'prometheus_config { enable: true path: "/monitoring/prometheus/metrics" }'
        assert " ".join(words) == expected

    def test_they_can_be_written_again(self, base):
        write_serving_files(base, ModelConfig("jobs", "/models/jobs"), BatchingParameters())
        write_serving_files(base, ModelConfig("jobs", "/models/jobs").with_labels({"canary": 4}, [4]), BATCHING)
        assert "`canary` is version 4" in _readme(base)
        assert read_batching_parameters(base) == BATCHING

    def test_a_readme_of_someone_else_is_left_alone(self, base, caplog):
        (base / "README.md").write_text("# Our jobs model\n")
        write_serving_files(base, ModelConfig("jobs", "/models/jobs"), BATCHING)
        assert _readme(base) == "# Our jobs model\n"
        assert "was not written by tfsiamese export" in caplog.text
        assert read_model_config(base) == ModelConfig("jobs", "/models/jobs")


class TestCommands:
    def test_docker_and_kubernetes_start_the_server_with_the_same_flags(self, written):
        docker = shlex.split(_blocks(written, "sh")[0].replace("\\\n", " "))
        deployment, _ = yaml.safe_load_all(_blocks(written, "yaml")[0])
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert docker[:3] == ["docker", "run", "--rm"]
        assert docker[docker.index("tensorflow/serving") + 1 :] == container["args"]
        assert container["image"] == "tensorflow/serving"
        folder = "/models/jobs.v2"
        assert _flags(container["args"]) == {
            "model_config_file": f"{folder}/models.config",
            "model_config_file_poll_wait_seconds": "30",
            "allow_version_labels_for_unavailable_models": "true",
            "enable_batching": "true",
            "batching_parameters_file": f"{folder}/batching_parameters.txt",
            "monitoring_config_file": f"{folder}/monitoring.config",
        }

    def test_every_file_of_a_flag_is_in_the_folder_that_is_mounted(self, written):
        docker = shlex.split(_blocks(written, "sh")[0].replace("\\\n", " "))
        mount = dict(part.split("=") for part in docker[docker.index("--mount") + 1].split(",") if "=" in part)
        config = read_model_config(written)
        assert config is not None
        assert mount == {"type": "bind", "source": "$(pwd)", "target": config.base_path}
        deployment, _ = yaml.safe_load_all(_blocks(written, "yaml")[0])
        (mounted,) = deployment["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
        assert (mounted["mountPath"], mounted["readOnly"]) == (config.base_path, True)
        files = [flag.split("=")[1] for flag in docker if "_file=" in flag]
        assert len(files) == 3
        for file in files:
            assert (written / Path(file).relative_to(config.base_path)).is_file()

    def test_the_pods_are_ready_when_the_model_answers_and_the_service_finds_them(self, written):
        deployment, service = yaml.safe_load_all(_blocks(written, "yaml")[0])
        pod = deployment["spec"]["template"]
        (container,) = pod["spec"]["containers"]
        assert container["readinessProbe"]["httpGet"] == {"path": "/v1/models/jobs.v2", "port": "rest"}
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        assert ports == {"grpc": 8500, "rest": 8501}
        assert {port["targetPort"]: port["port"] for port in service["spec"]["ports"]} == ports
        assert service["spec"]["selector"] == pod["metadata"]["labels"] == deployment["spec"]["selector"]["matchLabels"]
        (volume,) = pod["spec"]["volumes"]
        assert volume["name"] == container["volumeMounts"][0]["name"]

    def test_a_model_in_a_bucket_is_not_mounted(self):
        config = ModelConfig("jobs", "gs://bucket/jobs")
        assert "--mount" not in docker_command(config)
        assert "--model_config_file=gs://bucket/jobs/models.config" in docker_command(config)
        deployment, _ = yaml.safe_load_all(kubernetes_manifest(config))
        assert "volumes" not in deployment["spec"]["template"]["spec"]

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("jobs", "jobs"),
            ("Jobs_v2.1", "jobs-v2-1"),
            ("_jobs_", "jobs"),
            ("2024", "model-2024"),
            ("___", "model"),
            ("a" * 62 + ".b", "a" * 62),
        ],
    )
    def test_the_name_fits_kubernetes(self, name, expected):
        assert kubernetes_name(name) == expected

    @pytest.mark.parametrize("name", ["true", "null", "on", "e1"])
    def test_a_name_stays_a_string_in_yaml(self, name):
        deployment, service = yaml.safe_load_all(kubernetes_manifest(ModelConfig(name, f"/models/{name}")))
        assert deployment["metadata"]["name"] == service["metadata"]["name"] == name


class TestReadme:
    def test_its_requests_run_on_the_model_in_rows_and_in_columns(self, written):
        signatures = tf.saved_model.load(str(written / "4")).signatures
        asked = []
        for address, body in _requests(written):
            assert address == "http://localhost:8501/v1/models/jobs.v2:predict"
            name = body.pop("signature_name", "serving_default")
            inputs = list(SavedModelFile.read(written / "4").signatures[name].inputs)
            ((form, content),) = body.items()
            asked.append((name, form))
            if form == "instances":
                rows = [row if isinstance(row, dict) else {inputs[0]: row} for row in content]
                columns = {key: [row[key] for row in rows] for key in rows[0]}
            else:
                columns = content if isinstance(content, dict) else {inputs[0]: content}
            assert sorted(columns) == sorted(inputs)
            outputs = signatures[name](**{key: tf.constant(texts) for key, texts in columns.items()})
            assert {output.shape[0] for output in outputs.values()} == {2}
        assert sorted(asked) == sorted((name, form) for name in signatures for form in ("inputs", "instances"))

    def test_its_table_has_every_signature(self, written):
        assert "| `serving_default` | `texts` string [batch] | `embeddings` float32 [batch, 8] |" in _readme(written)
        assert "| `similarity` | `left` string [batch], `right` string [batch] | `angular` float32 [batch]," in _readme(
            written
        )

    def test_its_numbers_are_those_of_the_files(self, written):
        assert "up to 48 rows, padded to 1, 16, 48, waiting 1.5 ms at most" in _readme(written)
        assert "at most 48 rows" in _readme(written)

    def test_it_says_how_labels_versions_and_metrics_are_reached(self, written):
        url = "http://localhost:8501/v1/models/jobs.v2"
        assert "Served: 1, 4. Labels: `stable` is version 1." in _readme(written)
        assert f"`{url}/labels/stable:predict`" in _readme(written)
        assert f"`{url}/versions/4:predict`" in _readme(written)
        assert "curl http://localhost:8501/monitoring/prometheus/metrics\n" in _readme(written)

    def test_without_labels_the_newest_version_is_described(self, base):
        write_serving_files(base, ModelConfig("jobs", "/models/jobs"), BATCHING)
        assert "Served: 4. Labels: none." in _readme(base)

    def test_a_version_that_was_rolled_back_to_is_described(self, base):
        shutil.rmtree(base / "4" / "variables")
        (base / "4" / "saved_model.pb").write_bytes(b"damaged")
        write_serving_files(base, ModelConfig("jobs", "/models/jobs", (1,)), BATCHING)
        assert "The newest version served is\n1, written with TensorFlow" in _readme(base)


class TestRefusals:
    def test_a_folder_without_versions_is_refused(self, tmp_path):
        with pytest.raises(ExportError, match="has no version of a model"):
            write_serving_files(tmp_path, ModelConfig("jobs", "/models/jobs"), BATCHING)

    def test_a_version_that_is_not_there_cannot_be_served(self, base):
        with pytest.raises(ExportError, match="has the versions 1, 4, not 3"):
            write_serving_files(base, ModelConfig("jobs", "/models/jobs").with_labels({"stable": 3}, [4]), BATCHING)

    @pytest.mark.parametrize("name", ["a/b", "a b", "a:b", ""])
    def test_a_name_that_breaks_a_url_is_refused_before_anything_is_written(self, base, name):
        with pytest.raises(ExportError, match="Expected the model's name to consist of"):
            write_serving_files(base, ModelConfig(name, "/models/jobs"), BATCHING)
        assert sorted(path.name for path in base.iterdir()) == ["1", "4"]
