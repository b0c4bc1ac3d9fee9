import json
import shutil
from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tests.conftest import write_tiny_encoder
from tests.export.served_models import encode_lengths, save_signatures
from tfsiamese.errors import ExportError
from tfsiamese.export.inspection import inspect_model
from tfsiamese.servables import (
    METADATA_FILE,
    WARMUP_FILE,
    BatchingParameters,
    ModelConfig,
    WarmupRequest,
    write_batching_parameters,
    write_metadata,
    write_model_config,
    write_warmup_requests,
)

METADATA = {"name": "jobs", "base": {"source": "tiny", "licence": None}, "encoder": {"dimension": 8}}
REQUESTS = [
    WarmupRequest("serving_default", {"texts": ["a"]}),
    WarmupRequest("serving_default", {"texts": ["a", "b", "c", "d"]}),
    WarmupRequest("serving_default", {"texts": ["d"]}),
    WarmupRequest("similarity", {"left": ["a", "b"], "right": ["c", "d"]}),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the versions 1, 2 and 4 of the model `jobs`. Not to be changed."""
    base = tmp_path_factory.mktemp("models") / "jobs"
    folder = write_tiny_encoder(base / "1")
    write_metadata(folder, METADATA)
    write_warmup_requests(folder, "jobs", REQUESTS)
    for number in ("2", "4"):
        shutil.copytree(folder, base / number)
    write_model_config(base, ModelConfig("jobs", "/models/jobs", (2, 4), {"stable": 2, "canary": 4}))
    write_batching_parameters(base, BatchingParameters(8, allowed_batch_sizes=(1, 4, 8)))
    return base


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    """A copy of the model, for a test to damage."""
    return Path(shutil.copytree(model, tmp_path / "jobs"))


class TestWhatIsThere:
    def test_a_sound_model_has_no_problems_and_fits_into_json(self, model):
        found = inspect_model(model)
        assert found["problems"] == []
        assert found["servable"] is True
        assert found["name"] == "jobs"
        assert found["metadata"] == {"format": 1, **METADATA}
        json.dumps(found)

    def test_signatures_are_listed_with_dtypes_and_shapes(self, model):
        signatures = inspect_model(model)["signatures"]
        assert signatures["serving_default"] == {
            "inputs": {"texts": {"dtype": "string", "shape": [None]}},
            "outputs": {"embeddings": {"dtype": "float32", "shape": [None, 8]}},
            "method": "tensorflow/serving/predict",
        }
        assert set(signatures["similarity"]["outputs"]) == {"angular", "cosine", "score"}

    def test_the_newest_version_is_looked_at_and_all_are_listed(self, model):
        found = inspect_model(str(model))
        assert (found["folder"], found["version"]) == (str(model / "4"), 4)
        assert found["versions"] == [
            {"version": 1, "served": False, "labels": []},
            {"version": 2, "served": True, "labels": ["stable"]},
            {"version": 4, "served": True, "labels": ["canary"]},
        ]

    def test_one_version_is_looked_at_where_it_is_named(self, model, monkeypatch):
        assert inspect_model(model / "2")["version"] == 2
        monkeypatch.chdir(model / "2")
        found = inspect_model(".")
        assert (found["name"], found["version"], len(found["versions"])) == ("jobs", 2, 3)

    def test_a_run_folder_has_the_model_in_it(self, model, tmp_path):
        shutil.copytree(
            model / "1", tmp_path / "run" / "encoder" / "1", ignore=shutil.ignore_patterns("tfsiamese.json")
        )
        found = inspect_model(tmp_path / "run")
        assert found["folder"] == str(tmp_path / "run" / "encoder" / "1")
        assert (found["name"], found["metadata"], found["problems"]) == ("run", None, [])

    def test_a_savedmodel_of_others_is_inspected_too(self, tiny_folder):
        found = inspect_model(tiny_folder)
        assert found["name"] == tiny_folder.name
        assert (found["version"], found["versions"], found["metadata"], found["files"]) == (None, [], None, {})
        assert found["warmup"] == {"records": 0, "others": 0, "batch_sizes": {}}
        assert found["problems"] == []

    def test_without_a_configuration_the_newest_version_is_the_one_served(self, copy):
        (copy / "models.config").unlink()
        assert [version["served"] for version in inspect_model(copy)["versions"]] == [False, False, True]

    def test_sizes_are_those_of_the_files(self, model):
        sizes = inspect_model(model)["sizes"]
        folder = model / "4"
        assert sizes["graph"] == (folder / "saved_model.pb").stat().st_size
        assert sizes["warmup"] == (folder / WARMUP_FILE).stat().st_size
        assert sizes["total"] == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        assert sizes["total"] == sum(size for part, size in sizes.items() if part != "total")

    def test_variables_are_counted_by_dtype(self, tmp_path):
        module = tf.Module()
        module.a = tf.Variable(tf.zeros([3, 5], tf.int8))
        module.b = tf.Variable(tf.zeros([7]))
        module.c = tf.Variable(tf.zeros([]))
        module.d = tf.Variable(tf.zeros([2], tf.float16))
        tf.saved_model.save(module, str(tmp_path / "model"))
        assert inspect_model(tmp_path / "model")["variables"] == {
            "number": 4,
            "bytes": 15 + 32 + 4,
            "by_dtype": {
                "float32": {"number": 2, "bytes": 32},
                "int8": {"number": 1, "bytes": 15},
                "float16": {"number": 1, "bytes": 4},
            },
        }

    def test_warm_up_records_are_counted_by_signature_and_batch_size(self, model):
        assert inspect_model(model)["warmup"] == {
            "records": 4,
            "others": 0,
            "batch_sizes": {"serving_default": {1: 2, 4: 1}, "similarity": {2: 1}},
        }

    def test_warm_up_records_of_other_kinds_are_counted_and_keep_their_numbers(self, copy):
        path = copy / "4" / WARMUP_FILE
        records = [prediction_log_pb2.PredictionLog() for _ in range(2)]
        records[0].classify_log.SetInParent()
        records[1].predict_log.request.model_spec.signature_name = "none such"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in records:
                writer.write(record.SerializeToString())
        found = inspect_model(copy)
        assert found["warmup"] == {"records": 2, "others": 1, "batch_sizes": {"none such": {0: 1}}}
        assert len(found["problems"]) == 1 and "record 2: there is no signature 'none such'" in found["problems"][0]

    def test_the_configuration_beside_it_is_shown(self, copy):
        (copy / "README.md").write_text("# jobs\n", encoding="utf-8")
        files = inspect_model(copy)["files"]
        assert files["models.config"]["base_path"] == "/models/jobs"
        assert files["batching_parameters.txt"]["allowed_batch_sizes"] == (1, 4, 8)
        assert (files["monitoring.config"], files["README.md"]) == (None, True)


class TestProblems:
    def _only_problem(self, folder: Path) -> str:
        problems = inspect_model(folder)["problems"]
        assert len(problems) == 1, problems
        return problems[0]

    def test_a_damaged_graph(self, copy):
        (copy / "4" / "saved_model.pb").write_bytes(b"\xff\xff no protocol buffer")
        found = inspect_model(copy)
        assert found["signatures"] == {}
        assert found["servable"] is False
        assert len(found["problems"]) == 1
        assert f"{copy / '4' / 'saved_model.pb'} is no SavedModel, or damaged" in found["problems"][0]

    @pytest.mark.parametrize("content", ["{", "[]", '{"format": 99}'])
    def test_damaged_metadata(self, copy, content):
        (copy / "4" / METADATA_FILE).write_text(content, encoding="utf-8")
        assert str(copy / "4" / METADATA_FILE) in self._only_problem(copy)

    def test_a_damaged_index_of_variables(self, copy):
        (copy / "4" / "variables" / "variables.index").write_bytes(b"no table")
        assert "variables.index is damaged" in self._only_problem(copy)

    def test_a_missing_index_of_variables(self, copy):
        (copy / "4" / "variables" / "variables.index").unlink()
        assert "variables.index is missing" in self._only_problem(copy)

    def test_values_that_were_copied_by_half(self, copy):
        path = copy / "4" / "variables" / "variables.data-00000-of-00001"
        path.write_bytes(path.read_bytes()[:1000])
        assert "is incomplete" in self._only_problem(copy)
        assert "1 of 1000" in self._only_problem(copy)
        path.unlink()
        assert "found 0 of 0" in self._only_problem(copy)

    def test_a_damaged_warm_up_file(self, copy):
        path = copy / "4" / WARMUP_FILE
        content = path.read_bytes()
        path.write_bytes(content[:20] + b"?" + content[21:])
        assert f"{path}, record 1" in self._only_problem(copy)
        path.write_bytes(b"no record")
        assert f"{path}, record 1: 9 bytes that are no whole record" in self._only_problem(copy)
        path.write_bytes(b"")
        assert f"{path} holds no record" in self._only_problem(copy)

    @pytest.mark.parametrize(
        ("request_", "message"),
        [
            (WarmupRequest("top_k", {"queries": ["a"]}), "there is no signature 'top_k'"),
            (WarmupRequest("serving_default", {"text": ["a"]}), "has the inputs ['texts'], and the record ['text']"),
            (WarmupRequest("serving_default", {"texts": ["a"] * 9}), "9 rows are more than max_batch_size, 8"),
        ],
    )
    def test_a_warm_up_record_that_would_fail(self, copy, request_, message):
        (copy / "4" / WARMUP_FILE).unlink()
        write_warmup_requests(copy / "4", "jobs", [REQUESTS[0], request_])
        problem = self._only_problem(copy)
        assert "record 2: " in problem
        assert message in problem

    def test_another_name_than_the_metadata_says(self, copy):
        write_model_config(copy, ModelConfig("titles", "/models/titles", (2, 4)))
        assert "names the model 'titles', and its metadata 'jobs'" in self._only_problem(copy)

    def test_versions_that_are_not_there(self, copy):
        write_model_config(copy, ModelConfig("jobs", "/models/jobs", (3, 4)))
        assert "serves version 3, and" in self._only_problem(copy)
        assert "holds versions 1, 2, 4" in self._only_problem(copy)

    def test_a_newest_version_that_is_not_served(self, copy):
        write_model_config(copy, ModelConfig("jobs", "/models/jobs", (1, 2), {"stable": 2}))
        assert "models.config does not serve version 4, the newest" in self._only_problem(copy)
        assert "models.config does not serve version 4, the newest" in self._only_problem(copy / "1")

    def test_a_label_of_a_version_that_is_not_served(self, copy):
        path = copy / "models.config"
        text = path.read_text(encoding="utf-8")
        assert "    versions: 2\n" in text or "versions: 2" in text
        path.write_text(text.replace("versions: 2\n", ""), encoding="utf-8")
        assert "the label 'stable' to version 2, which is not served" in self._only_problem(copy)

    @pytest.mark.parametrize("name", ["models.config", "batching_parameters.txt"])
    def test_a_damaged_configuration(self, copy, name):
        (copy / name).write_text("no: {such", encoding="utf-8")
        assert str(copy / name) in self._only_problem(copy)
        assert inspect_model(copy)["files"][name] is None

    def test_a_version_without_a_graph(self, copy):
        (copy / "7").mkdir()
        assert f"{copy / '7'} holds no saved_model.pb" in self._only_problem(copy)
        assert inspect_model(copy)["version"] == 4

    def test_an_op_that_no_server_has(self, tmp_path):
        def embed(texts: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"embeddings": tf.numpy_function(lambda values: values, [encode_lengths(texts)], tf.float32)}

        found = inspect_model(save_signatures(tmp_path / "1", serving_default=embed))
        assert found["servable"] is False
        assert "PyFunc" in found["problems"][0]

    def test_several_problems_are_all_named(self, copy):
        (copy / "4" / METADATA_FILE).write_text("{", encoding="utf-8")
        (copy / "models.config").write_text("{", encoding="utf-8")
        (copy / "4" / "variables" / "variables.index").unlink()
        assert len(inspect_model(copy)["problems"]) == 3


class TestNothingToInspect:
    def test_a_folder_without_a_model(self, tmp_path):
        with pytest.raises(ExportError, match=f"{tmp_path} holds no SavedModel"):
            inspect_model(tmp_path)

    def test_a_path_that_is_no_folder(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(ExportError, match="file is a file. Expected the folder of an exported model"):
            inspect_model(tmp_path / "file")
        with pytest.raises(ExportError, match="nowhere does not exist"):
            inspect_model(tmp_path / "nowhere")
