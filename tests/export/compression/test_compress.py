"""Compressed SavedModels: what they hold, compute and allow."""

import gc
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.encoders.processes import finish, start_python
from tests.encoders.saved_models import WordNetwork, write_dropout, write_frozen, write_mixed, write_signatures
from tests.export.compression.networks import (
    OUTPUTS,
    ROWS,
    TEXTS,
    WIDTH,
    WideNetwork,
    of_eight_bits,
    parts_of,
    row_numbers,
)
from tfsiamese import fit
from tfsiamese.encoders import load_encoder, write_reusable_saved_model
from tfsiamese.errors import ExportError, TfSiameseError
from tfsiamese.export import ExportSettings, export_saved_model
from tfsiamese.export.compression import compress, compression, stored_weight
from tfsiamese.siamese import Siamese

WORDS = ["red", "", "nurse", "näher 中文", "red"]
KERNELS = {"float16": lambda weight, _: weight.astype(np.float16).astype(np.float32), "int8": of_eight_bits}


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A network with a table, a large and a small kernel, as it was and exported. Not to be changed."""
    base = tmp_path_factory.mktemp("wide")
    folders = {"float32": WideNetwork().write(base / "network")}
    for precision in KERNELS:
        settings = ExportSettings(precision=precision, warmup_texts=[])
        folders[precision] = export_saved_model(load_encoder(folders["float32"]), base / precision, settings=settings)
    return folders


def _embed(folder: Path, texts: list[str] = WORDS) -> np.ndarray:
    loaded = tf.saved_model.load(str(folder))
    return loaded.signatures["embed"](texts=tf.constant(texts))["embeddings"].numpy()


class TestWhatIsStored:
    @pytest.mark.parametrize("precision", list(KERNELS))
    def test_vectors_are_those_of_weights_rounded_by_numpy(self, wide, precision):
        expected = WideNetwork().encode_by_numpy(WORDS, KERNELS[precision])
        np.testing.assert_allclose(_embed(wide[precision]), expected, atol=2e-5)
        exact = WideNetwork().encode_by_numpy(WORDS, lambda weight, _: weight)
        assert np.abs(expected - exact).max() > 1e-3, "the rounding shows in the vectors"

    @pytest.mark.parametrize(
        ("precision", "expected"),
        [
            ("float16", {("float16", (ROWS, WIDTH)), ("float16", (WIDTH, OUTPUTS)), ("float32", (OUTPUTS, 3))}),
            (
                "int8",
                {
                    ("int8", (ROWS, WIDTH + 4)),
                    ("int8", (WIDTH, OUTPUTS)),
                    ("float32", (1, OUTPUTS)),
                    ("float32", (OUTPUTS, 3)),
                },
            ),
        ],
    )
    def test_large_weights_are_stored_in_few_bits_and_small_ones_as_they_are(self, wide, precision, expected):
        reader = tf.train.load_checkpoint(str(wide[precision] / "variables" / "variables"))
        types, shapes = reader.get_variable_to_dtype_map(), reader.get_variable_to_shape_map()
        found = {(types[name].name, tuple(shapes[name])) for name in types if "VARIABLE_VALUE" in name and shapes[name]}
        assert found == expected

    @pytest.mark.parametrize(("precision", "bytes_of_number", "scales"), [("float16", 2, 0), ("int8", 1, 1)])
    def test_variables_are_as_long_as_that(self, wide, precision, bytes_of_number, scales):
        (data,) = (wide[precision] / "variables").glob("variables.data-*")
        large = bytes_of_number * (ROWS * WIDTH + WIDTH * OUTPUTS) + scales * 4 * (ROWS + OUTPUTS)
        # The rest is the graph of objects.
        assert 0 < data.stat().st_size - large - 4 * OUTPUTS * 3 < 4096
        original = (wide["float32"] / "variables" / data.name).stat().st_size
        assert data.stat().st_size < original

    @pytest.mark.parametrize("precision", list(KERNELS))
    def test_the_graph_holds_no_weight(self, wide, precision):
        graph = (wide[precision] / "saved_model.pb").read_bytes()
        for weight in (WideNetwork().table, WideNetwork().kernel):
            assert weight.numpy().tobytes()[:64] not in graph


class TestWhatIsLoaded:
    @pytest.mark.parametrize("precision", list(KERNELS))
    def test_nothing_is_trainable(self, wide, precision, tiny_pairs):
        encoder = load_encoder(wide[precision])
        assert encoder.trainable_variables == []
        with pytest.raises(TfSiameseError):
            fit(Siamese(encoder), tiny_pairs, epochs=1)

    def test_two_of_one_export_are_independent_of_each_others_end(self, wide):
        expected = WideNetwork().encode_by_numpy(WORDS, of_eight_bits)
        one, other = load_encoder(wide["int8"]), load_encoder(wide["int8"])
        one.encode(["red"])
        del one
        gc.collect()
        np.testing.assert_allclose(other.encode(WORDS), expected, atol=2e-5)
        np.testing.assert_allclose(load_encoder(wide["int8"]).encode(WORDS), expected, atol=2e-5)

    def test_exports_of_different_weights_do_not_mix(self, wide, tmp_path):
        other = WideNetwork(seed=1)
        settings = ExportSettings(precision="int8", warmup_texts=[])
        folder = export_saved_model(load_encoder(other.write(tmp_path / "n")), tmp_path / "other", settings=settings)
        both = [load_encoder(path) for path in (wide["int8"], folder, wide["int8"])]
        found = [encoder.encode(WORDS) for encoder in both]
        np.testing.assert_allclose(found[0], WideNetwork().encode_by_numpy(WORDS, of_eight_bits), atol=2e-5)
        np.testing.assert_allclose(found[1], other.encode_by_numpy(WORDS, of_eight_bits), atol=2e-5)
        np.testing.assert_array_equal(found[0], found[2])

    def test_a_process_with_tensorflow_and_tensorflow_text_alone_runs_each_signature(self, wide):
        code = """
            import json
            import tensorflow as tf
            import tensorflow_text
            for folder in sys.argv[1:]:
                loaded = tf.saved_model.load(folder)
                texts = tf.constant(["red", "", "nurse", "näher 中文", "red"])
                vectors = [loaded.signatures[name](texts=texts)["embeddings"] for name in ("embed", "serving_default")]
                vectors.append(loaded(texts))
                cosine = loaded.signatures["similarity"](left=texts, right=texts)["cosine"].numpy().tolist()
                print(json.dumps([[one.numpy().tolist() for one in vectors], cosine]))
            assert "tfsiamese" not in sys.modules
        """
        ended = finish(start_python(code, *(wide[precision] for precision in KERNELS)))
        assert ended.returncode == 0, ended.stderr
        for line, change in zip(ended.stdout.splitlines()[-2:], KERNELS.values(), strict=True):
            found, cosine = json.loads(line)
            expected = WideNetwork().encode_by_numpy(WORDS, change)
            np.testing.assert_allclose(found, [expected] * 3, atol=2e-5)
            np.testing.assert_allclose(cosine, np.ones(5), atol=1e-5)


class TestAnExportOfAnExport:
    @pytest.mark.parametrize("precision", list(KERNELS))
    def test_as_float32_it_keeps_the_vectors_and_what_is_stored(self, wide, tmp_path, precision):
        settings = ExportSettings(warmup_texts=[])
        again = export_saved_model(load_encoder(wide[precision]), tmp_path / "again", settings=settings)
        third = export_saved_model(load_encoder(again), tmp_path / "third", settings=settings)
        expected = WideNetwork().encode_by_numpy(WORDS, KERNELS[precision])
        for folder in (again, third):
            np.testing.assert_allclose(_embed(folder), expected, atol=2e-5)
            np.testing.assert_allclose(load_encoder(folder).encode(WORDS), expected, atol=2e-5)
        (first, last) = (
            next((folder / "variables").glob("*.data-*")).stat().st_size for folder in (wide[precision], third)
        )
        assert last < first + 2048

    @pytest.mark.parametrize("precision", list(KERNELS))
    def test_it_is_not_compressed_again(self, wide, tmp_path, precision):
        settings = ExportSettings(precision="int8", warmup_texts=[])
        with pytest.raises(ExportError, match=r"exported as float16 or int8 is as small already"):
            export_saved_model(load_encoder(wide[precision]), tmp_path / "again", settings=settings)
        assert not (tmp_path / "again" / "1").exists()

    def test_it_is_cut_to_fewer_dimensions(self, wide, tmp_path):
        settings = ExportSettings(dimension=2, warmup_texts=[])
        folder = export_saved_model(load_encoder(wide["int8"]), tmp_path / "cut", settings=settings)
        expected = WideNetwork().encode_by_numpy(WORDS, of_eight_bits)[:, :2]
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
        np.testing.assert_allclose(_embed(folder), expected, atol=2e-5)
        assert load_encoder(folder).dimension == 2


class TestOtherUsesOfAWeight:
    """Weights that are more, or other, than a table to look rows up in are decoded as a whole."""

    class Network(tf.Module):
        def __init__(self):
            super().__init__()
            random = np.random.default_rng(5)
            self.tied = tf.Variable(random.normal(size=[ROWS, WIDTH]), dtype=tf.float32, name="tied")
            self.cube = tf.Variable(random.normal(size=[4, 64, WIDTH]), dtype=tf.float32, name="cube")

    def _run(self, network, encode, folder: Path) -> np.ndarray:
        parts = compress(parts_of(network, tf.function(encode, input_signature=[TEXTS])), "int8")
        write_reusable_saved_model(folder, parts)
        return _embed(folder)

    def test_a_table_that_is_also_a_kernel_has_a_scale_for_each_output(self, tmp_path):
        network = self.Network()

        def encode(texts: tf.Tensor) -> tf.Tensor:
            rows = tf.gather(network.tied, tf.strings.to_hash_bucket_fast(texts, ROWS))
            return tf.matmul(rows, network.tied, transpose_b=True)

        weight = of_eight_bits(network.tied.numpy(), 0)
        found = self._run(network, encode, tmp_path / "tied")
        np.testing.assert_allclose(found, weight[row_numbers(WORDS)] @ weight.T, atol=1e-4)

    def test_a_weight_in_a_loop(self, tmp_path):
        network = self.Network()

        def encode(texts: tf.Tensor) -> tf.Tensor:
            vectors = tf.zeros([tf.size(texts), WIDTH])
            steps = tf.strings.length(texts[0])  # so that the loop is not unrolled
            invariants = [tf.TensorShape([]), tf.TensorShape([None, WIDTH])]
            body = lambda i, v: (i + 1, v + network.tied[i])  # noqa: E731
            return tf.while_loop(lambda i, _: i < steps, body, [0, vectors], shape_invariants=invariants)[1]

        weight = of_eight_bits(network.tied.numpy(), 0)
        found = self._run(network, encode, tmp_path / "loop")
        np.testing.assert_allclose(found, [weight[: len("red")].sum(axis=0)] * 5, atol=1e-5)

    def test_rows_of_a_weight_of_three_dimensions(self, tmp_path):
        network = self.Network()

        def encode(texts: tf.Tensor) -> tf.Tensor:
            numbers = tf.strings.to_hash_bucket_fast(texts, ROWS)
            parts = tf.gather(network.cube, numbers % 4)[:, 0]
            return parts + tf.reduce_sum(network.cube)

        cube, rows = of_eight_bits(network.cube.numpy(), 1), row_numbers(WORDS)
        found = self._run(network, encode, tmp_path / "cube")
        np.testing.assert_allclose(found, cube[rows % 4, 0] + cube.sum(), atol=1e-3)

    def test_numbers_of_a_weight_by_two_indices(self, tmp_path):
        network = self.Network()

        def encode(texts: tf.Tensor) -> tf.Tensor:
            numbers = tf.strings.to_hash_bucket_fast(texts, ROWS)
            return tf.gather_nd(network.cube, tf.stack([numbers % 4, numbers % 64], axis=1))

        cube, rows = of_eight_bits(network.cube.numpy(), 1), row_numbers(WORDS)
        np.testing.assert_allclose(self._run(network, encode, tmp_path / "nd"), cube[rows % 4, rows % 64], atol=1e-5)


class TestForeignSavedModels:
    @pytest.fixture(autouse=True)
    def _small_weights_count(self, monkeypatch):
        monkeypatch.setattr(compression, "_LEAST_NUMBERS", 8)

    def test_a_saved_model_of_signatures_alone(self, tmp_path):
        network = WordNetwork()
        source = write_signatures(
            tmp_path / "s", {"serving_default": lambda text: {"outputs": network.encode(text)}}, network
        )
        settings = ExportSettings(precision="int8", warmup_texts=[])
        folder = export_saved_model(load_encoder(source), tmp_path / "out", settings=settings)
        numbers = tf.strings.to_hash_bucket_fast(["<s>", "red", "nurse"], 64).numpy()
        table, kernel = of_eight_bits(network.table.numpy(), 1), of_eight_bits(network.kernel.numpy(), 0)
        expected = np.stack([table[numbers[[0, 1]]].mean(axis=0), table[numbers[[0, 1, 2]]].mean(axis=0)]) @ kernel
        np.testing.assert_allclose(_embed(folder, ["red", "red nurse"]), expected, atol=1e-5)

    @pytest.mark.parametrize("write", [write_dropout, write_mixed, write_frozen])
    def test_one_without_weights_of_two_dimensions_is_refused(self, tmp_path, write):
        encoder = load_encoder(write(tmp_path / "source"))
        with pytest.raises(ExportError, match="no float32 weights of two dimensions"):
            export_saved_model(encoder, tmp_path / "out", settings=ExportSettings(precision="float16"))
        assert not (tmp_path / "out" / "1").exists()


@pytest.mark.parametrize(("precision", "expected"), [("float32", 1e-7), ("float16", 1e-3), ("int8", 0.01)])
def test_a_weight_by_itself_is_loaded_in_any_precision(tmp_path, precision, expected):
    values = np.random.default_rng(0).uniform(-1, 1, size=[8, 5]).astype(np.float32)
    root = tf.Module()
    weight = stored_weight(values, precision, "weight")
    root.tracked = weight.tracked
    root.value = tf.function(weight.value, input_signature=[])
    tf.saved_model.save(root, str(tmp_path / "weight"))
    loaded = tf.saved_model.load(str(tmp_path / "weight"))
    found = loaded.value()
    assert found.shape == [8, 5]
    assert found.dtype == tf.float32
    assert np.abs(found - values).max() <= expected / 2


def test_a_weight_by_itself_in_an_unknown_precision_is_refused():
    with pytest.raises(ExportError, match="Unknown precision 'int4'"):
        stored_weight(np.ones([2, 2], np.float32), "int4", "weight")
