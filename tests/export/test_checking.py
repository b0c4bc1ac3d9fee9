import ast
import dataclasses
import os
import textwrap
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.export.served_models import encode_lengths, save_signatures, write_search_model
from tfsiamese.errors import ExportError
from tfsiamese.export import checking
from tfsiamese.export.checked_outputs import SignatureOutputs, check_outputs
from tfsiamese.export.checking import check_in_fresh_process
from tfsiamese.servables import Signature, TensorInfo

TEXTS = ["nurse", "", "näher 中文 🍎", "a longer text " * 20]


@pytest.fixture(scope="module")
def search_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_search_model(tmp_path_factory.mktemp("models") / "1")


class TestModels:
    def test_each_signature_of_a_sound_model_passes(self, search_model):
        expected = encode_lengths(tf.constant(TEXTS)).numpy()
        results = {checked.name: checked for checked in check_in_fresh_process(search_model, TEXTS, expected)}
        assert set(results) == {"serving_default", "similarity", "top_k"}
        assert results["similarity"].inputs == ("left", "right")
        assert results["top_k"].outputs == ("ids", "scores", "texts")
        assert all(checked.seconds > 0 for checked in results.values())
        assert all(0 <= checked.largest_difference < 1e-5 for checked in results.values())

    def test_vectors_other_than_those_expected_are_refused_with_the_text(self, search_model):
        expected = encode_lengths(tf.constant(TEXTS)).numpy()
        expected[2, 1] += 0.01
        with pytest.raises(ExportError, match=r"'serving_default' gives other vectors .* by 1\.00e-02 at text 2"):
            check_in_fresh_process(search_model, TEXTS, expected)

    def test_a_signature_that_needs_this_process_is_named(self, tmp_path):
        def embed(texts: tf.Tensor) -> dict[str, tf.Tensor]:
            vectors = tf.numpy_function(lambda values: np.ones([len(values), 2], np.float32), [texts], tf.float32)
            return {"embeddings": tf.ensure_shape(vectors, [None, 2])}

        folder = save_signatures(tmp_path / "1", serving_default=embed)
        assert tf.saved_model.load(str(folder)).signatures["serving_default"](tf.constant(["a"]))
        with pytest.raises(ExportError, match="in a fresh process signature 'serving_default' does not run: "):
            check_in_fresh_process(folder, ["a"])


class TestArguments:
    def test_a_folder_without_a_model_is_named(self, tmp_path):
        with pytest.raises(ExportError, match=f"{tmp_path / 'saved_model.pb'} cannot be read"):
            check_in_fresh_process(tmp_path, ["a"])

    def test_without_texts_it_uses_some_of_its_own(self, search_model):
        assert len(check_in_fresh_process(search_model, [], np.zeros([0, 3], np.float32))) == 3

    def test_the_first_32_texts_are_used(self, tmp_path):
        def embed(texts: tf.Tensor) -> dict[str, tf.Tensor]:
            few = tf.debugging.assert_less(tf.size(texts), 33)
            known = tf.debugging.assert_none_equal(texts, "text 32")
            with tf.control_dependencies([few, known]):
                return {"embeddings": encode_lengths(texts)}

        folder = save_signatures(tmp_path / "1", serving_default=embed)
        # One is no Unicode, and becomes what an encoder makes of it.
        texts = [f"text {number}" for number in range(40)]
        texts[30] = "\ud800"
        replaced = [text.replace("\ud800", 3 * "\N{REPLACEMENT CHARACTER}") for text in texts]
        expected = encode_lengths(tf.constant(replaced)).numpy()
        expected[31] += 0.01
        with pytest.raises(ExportError, match="at text 31"):
            check_in_fresh_process(folder, texts, expected)

    @pytest.mark.parametrize("shape", [(1, 3), (2,), (3, 3)])
    def test_expected_vectors_of_another_number_are_refused(self, search_model, shape):
        with pytest.raises(ExportError, match="Expected a vector for each of 2 texts"):
            check_in_fresh_process(search_model, ["a", "b"], np.zeros(shape, np.float32))

    def test_a_model_of_numbers_alone_is_refused(self, tmp_path):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def double(x: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"y": 2 * x}

        tf.saved_model.save(tf.Module(), str(tmp_path / "1"), signatures=double)
        with pytest.raises(ExportError, match="no signature whose inputs are all strings"):
            check_in_fresh_process(tmp_path / "1", ["a"])


class TestProcess:
    """The program is replaced by one that meets with an accident."""

    def _replace(self, monkeypatch: pytest.MonkeyPatch, path: Path, code: str) -> None:
        path.write_text(textwrap.dedent(code), encoding="utf-8")
        monkeypatch.setattr(checking, "_PROGRAM", path)

    def test_a_signal_is_named_with_the_signature_that_ran(self, search_model, tmp_path, monkeypatch):
        code = """
            import os, pathlib, signal, sys
            pathlib.Path(sys.argv[1], "current.txt").write_text("similarity")
            sys.stderr.write("the last words\\n")
            sys.stderr.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        """
        self._replace(monkeypatch, tmp_path / "program.py", code)
        with pytest.raises(ExportError, match="killed by SIGKILL during signature 'similarity'.*the last words"):
            check_in_fresh_process(search_model, TEXTS)

    def test_what_a_failed_process_said_is_shown(self, search_model, tmp_path, monkeypatch):
        self._replace(monkeypatch, tmp_path / "program.py", "import no_such_package")
        with pytest.raises(ExportError, match="status 1 during loading.*No module named 'no_such_package'"):
            check_in_fresh_process(search_model, TEXTS)

    def test_a_process_that_takes_too_long_is_ended(self, search_model, tmp_path, monkeypatch):
        code = f"""
            import os, pathlib, time
            pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(os.getpid()))
            time.sleep(600)
        """
        self._replace(monkeypatch, tmp_path / "program.py", code)
        with pytest.raises(ExportError, match=r"loading took longer than 5 s .* or without --check \(check=False\)"):
            check_in_fresh_process(search_model, TEXTS, timeout=5)
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / "pid").read_text(encoding="utf-8")), 0)

    def test_a_process_that_leaves_nothing_is_an_error(self, search_model, tmp_path, monkeypatch):
        self._replace(monkeypatch, tmp_path / "program.py", "pass")
        with pytest.raises(ExportError, match="status 0 during loading. It said nothing"):
            check_in_fresh_process(search_model, TEXTS)

    def test_nothing_beside_the_program_or_in_the_working_folder_can_be_imported(
        self, search_model, tmp_path, monkeypatch
    ):
        code = """
            import json, os, pathlib, sys
            names = [os.listdir(), [path for path in sys.path if "export" in path]]
            reason = f"{names}"
            result = {"error": {"signature": None, "reason": reason}}
            pathlib.Path(sys.argv[1], "result.json").write_text(json.dumps(result))
        """
        self._replace(monkeypatch, tmp_path / "program.py", code)
        with pytest.raises(ExportError, match=r"it does not load: \[\[\], \[\]\]"):
            check_in_fresh_process(search_model, TEXTS)

    def test_the_program_imports_tensorflow_and_tensorflow_text_alone(self):
        tree = ast.parse(checking._PROGRAM.read_text(encoding="utf-8"))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert imported == {"json", "sys", "time", "pathlib", "typing", "numpy", "tensorflow", "tensorflow_text"}


EMBED = Signature(
    {"texts": TensorInfo("in:0", "string", (None,))},
    {"embeddings": TensorInfo("out:0", "float32", (None, 2))},
    "tensorflow/serving/predict",
)
VECTORS = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 20.0]], np.float32)


def _outputs(values: np.ndarray, key: str = "embeddings", dtype: str = "float32") -> SignatureOutputs:
    return SignatureOutputs(
        {key: values}, [{key: values[i : i + 1]} for i in range(len(values))], None, {key: dtype}, 1
    )


def _signature(key: str, *shape: int | None, dtype: str = "float32") -> Signature:
    return dataclasses.replace(EMBED, outputs={key: TensorInfo("out:0", dtype, shape)})


class TestOutputs:
    def test_expected_numbers_above_1_are_held_to_the_same_digits(self):
        expected = np.array([[2000.0, 0.5]], np.float32)
        for difference, passes in (([0.1, 0.0], True), ([0.0, 0.00005], True), ([0.4, 0.0], False), ([0, 2e-4], False)):
            outputs = {"embeddings": expected + np.array(difference, np.float32)}
            if passes:
                checking._check_expected("embed", outputs, expected, 1e-4)
                continue
            with pytest.raises(ExportError, match=r"they differ by 2\.00e-04 at text 0"):
                checking._check_expected("embed", outputs, expected, 1e-4)

    def test_the_difference_of_a_text_alone_is_measured(self):
        outputs = _outputs(VECTORS)
        outputs.alone[1] = {"embeddings": np.array([[0.6, 0.80005]], np.float32)}
        assert check_outputs("embed", EMBED, outputs) == pytest.approx(5e-5, rel=0.01)

    def test_a_text_that_gives_other_vectors_alone_is_named(self):
        outputs = _outputs(VECTORS)
        outputs.alone[1] = {"embeddings": np.array([[0.6, 0.81]], np.float32)}
        with pytest.raises(ExportError, match=r"'embed' gives other embeddings for text 1 alone .*1\.00e-02"):
            check_outputs("embed", EMBED, outputs)

    def test_large_numbers_are_held_to_the_same_digits(self):
        outputs = _outputs(VECTORS)
        outputs.alone[2] = {"embeddings": np.array([[0.0, 20.001]], np.float32)}
        assert check_outputs("embed", EMBED, outputs) == pytest.approx(5e-5, rel=0.05)

    def test_a_vector_that_is_nan_only_alone_does_not_pass(self):
        outputs = _outputs(VECTORS)
        outputs.alone[0] = {"embeddings": np.full([1, 2], np.nan, np.float32)}
        with pytest.raises(ExportError, match="text 0 alone"):
            check_outputs("embed", EMBED, outputs)

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_values_that_are_not_finite_are_named_with_their_row(self, bad):
        values = VECTORS.copy()
        values[1, 1] = bad
        with pytest.raises(ExportError, match=r"embeddings that are not finite \(row 1\)"):
            check_outputs("embed", EMBED, _outputs(values))

    def test_another_dtype_than_the_signature_says_is_refused(self):
        with pytest.raises(ExportError, match="gives embeddings as float64, and says float32"):
            check_outputs("embed", EMBED, _outputs(VECTORS.astype(np.float64), dtype="float64"))

    def test_another_width_than_the_signature_says_is_refused(self):
        with pytest.raises(ExportError, match=r"shape \[3, 2\], and says \['batch', 5\]"):
            check_outputs("embed", _signature("embeddings", None, 5), _outputs(VECTORS))

    def test_an_output_without_the_batch_is_refused(self):
        outputs = dataclasses.replace(_outputs(VECTORS), together={"embeddings": VECTORS[0]})
        with pytest.raises(ExportError, match=r"shape \[2\] for 3 texts: the batch must come first"):
            check_outputs("embed", EMBED, outputs)

    def test_an_output_that_does_not_come_is_named(self):
        with pytest.raises(ExportError, match="'embed' has no output 'scores'"):
            check_outputs("embed", _signature("scores", None), _outputs(VECTORS))

    def test_strings_have_no_difference(self):
        values = np.array([b"a", b"b"])
        signature = _signature("ids", None, dtype="string")
        assert check_outputs("names", signature, _outputs(values, "ids", "string")) is None

    @pytest.mark.parametrize(("cosine", "passes"), [(1.0, True), (0.99995, True), (0.999, False), (np.nan, False)])
    def test_a_text_and_itself_have_the_cosine_1(self, cosine, passes):
        same = {"cosine": np.array([1.0, cosine], np.float32)}
        outputs = dataclasses.replace(_outputs(np.array([0.5, 0.2], np.float32), "cosine"), with_themselves=same)
        if passes:
            assert check_outputs("similarity", _signature("cosine", None), outputs) == 0
            return
        with pytest.raises(ExportError, match=r"a text and itself the cosine .* \(row 1\)"):
            check_outputs("similarity", _signature("cosine", None), outputs)

    def test_a_zero_vector_has_the_cosine_0_with_itself(self):
        same = {"cosine": np.array([1.0, 0.0], np.float32)}
        outputs = dataclasses.replace(_outputs(np.array([0.5, 0.0], np.float32), "cosine"), with_themselves=same)
        assert check_outputs("similarity", _signature("cosine", None), outputs) == 0

    def test_scores_that_rise_are_refused_of_top_k_only(self):
        rising = np.array([[0.9, 0.8], [0.5, 0.6]], np.float32)
        signature = _signature("scores", None, 2)
        assert check_outputs("other", signature, _outputs(rising, "scores")) == 0
        assert check_outputs("top_k", signature, _outputs(rising[:1], "scores")) == 0
        with pytest.raises(ExportError, match=r"scores that do not descend \(row 1\)"):
            check_outputs("top_k", signature, _outputs(rising, "scores"))
