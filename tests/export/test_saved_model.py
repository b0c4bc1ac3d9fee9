import re
import signal
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.encoders.processes import finish, start_python
from tests.encoders.saved_models import WordNetwork, write_dropout, write_mixed, write_reusable, write_signatures
from tfsiamese import fit, similarity
from tfsiamese.encoders import Encoder, load_encoder
from tfsiamese.errors import EncoderError, ExportError
from tfsiamese.export import ExportSettings, export_saved_model, saved_model
from tfsiamese.siamese import HEADS, Siamese

TEXTS = ["red apple", "", "nurse doctor", "data", "näher 中文 🍎"]
LEFT, RIGHT = tf.constant(["red apple", "nurse", "road"]), tf.constant(["red apple", "medical nurse", "data code"])


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _versions(folder: Path) -> list[str]:
    return [name for name in _names(folder) if name.isdecimal()]


class TestVersions:
    def test_versions_count_upwards_from_1(self, tiny_encoder, tmp_path):
        base = tmp_path / "models" / "jobs"
        assert export_saved_model(tiny_encoder, base) == base / "1"
        assert export_saved_model(tiny_encoder, base) == base / "2"
        beside = [".export.lock", "README.md", "batching_parameters.txt", "models.config", "monitoring.config"]
        assert _names(base) == sorted([*beside, "1", "2"])

    def test_the_next_version_follows_the_highest_by_number(self, tiny_encoder, tmp_path):
        for name in ("9", "10", "11-old", "v12", ".13.partial-x"):
            (tmp_path / name).mkdir()
        assert export_saved_model(tiny_encoder, tmp_path) == tmp_path / "11"

    def test_a_version_can_be_named(self, tiny_encoder, tmp_path):
        assert export_saved_model(tiny_encoder, tmp_path, version=20261121) == tmp_path / "20261121"
        assert export_saved_model(tiny_encoder, str(tmp_path)) == tmp_path / "20261122"
        assert export_saved_model(tiny_encoder, tmp_path, version=3) == tmp_path / "3"

    def test_a_version_holds_what_tensorflow_serving_reads(self, tiny_encoder, tmp_path):
        folder = export_saved_model(tiny_encoder, tmp_path)
        assert (folder / "saved_model.pb").is_file()
        assert (folder / "variables" / "variables.index").is_file()
        assert folder.stat().st_mode & 0o500 == 0o500


class TestRefusals:
    def test_a_version_that_exists_is_not_overwritten(self, tiny_encoder, tmp_path):
        folder = export_saved_model(tiny_encoder, tmp_path, version=1)
        before = (folder / "saved_model.pb").stat().st_mtime_ns
        message = r"1 exists, and nothing is overwritten\. Leave out the version to get the next one\."
        with pytest.raises(ExportError, match=message):
            export_saved_model(tiny_encoder, tmp_path, version=1)
        assert (folder / "saved_model.pb").stat().st_mtime_ns == before
        assert _versions(tmp_path) == ["1"]

    @pytest.mark.parametrize("version", [0, -1, "1", 1.0, True])
    def test_a_version_that_is_no_positive_integer_is_refused(self, tiny_encoder, tmp_path, version):
        message = rf"Expected the version to be a positive integer\. Received: version={version!r}\."
        with pytest.raises(ExportError, match=message):
            export_saved_model(tiny_encoder, tmp_path / "jobs", version=version)
        assert _names(tmp_path) == []

    def test_a_file_in_place_of_the_folder_is_reported(self, tiny_encoder, tmp_path):
        (tmp_path / "jobs").write_text("a file")
        with pytest.raises(ExportError, match=r"jobs is a file\. Expected a folder for the versions"):
            export_saved_model(tiny_encoder, tmp_path / "jobs")

    def test_a_folder_that_cannot_be_made_is_reported(self, tiny_encoder, tmp_path):
        (tmp_path / "jobs").write_text("a file")
        with pytest.raises(
            ExportError, match=r"jobs/models cannot be written: a part of the path is a file, not a folder\."
        ):
            export_saved_model(tiny_encoder, tmp_path / "jobs" / "models")

    def test_a_disk_that_is_full_is_reported(self, tiny_encoder, tmp_path, monkeypatch):
        def fail(*_: object, **__: object) -> None:
            raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

        monkeypatch.setattr(tf.saved_model, "save", fail)
        with pytest.raises(ExportError, match="No space left on device"):
            export_saved_model(tiny_encoder, tmp_path)
        assert _names(tmp_path) == []

    def test_a_saved_model_in_place_of_the_folder_above_is_reported(self, tiny_encoder, tmp_path):
        folder = export_saved_model(tiny_encoder, tmp_path / "jobs")
        message = r"1 is itself a SavedModel\. Expected the folder above the versions; give .*jobs instead\."
        with pytest.raises(ExportError, match=message):
            export_saved_model(tiny_encoder, folder)

    def test_an_unknown_head_is_answered_with_the_known_ones(self, tiny_encoder, tmp_path):
        with pytest.raises(ExportError, match=r"Unknown head 'l2'\. Expected one of angular, cosine, dot\."):
            export_saved_model(tiny_encoder, tmp_path, head="l2")


class TestVectors:
    def test_a_loaded_export_gives_the_same_vectors(self, tiny_encoder, tmp_path):
        folder = export_saved_model(tiny_encoder, tmp_path)
        for loaded in (load_encoder(folder), load_encoder(tmp_path)):
            assert (loaded.dimension, loaded.folder) == (8, folder)
            np.testing.assert_allclose(loaded.encode(TEXTS), tiny_encoder.encode(TEXTS), atol=1e-6)

    def test_serving_default_takes_texts_and_gives_embeddings(self, tiny_encoder, tmp_path):
        signature = tf.saved_model.load(str(export_saved_model(tiny_encoder, tmp_path))).signatures["serving_default"]
        _, inputs = signature.structured_input_signature
        assert inputs == {"texts": tf.TensorSpec([None], tf.string, name="texts")}
        outputs = signature(texts=tf.constant(TEXTS))
        assert list(outputs) == ["embeddings"]
        assert outputs["embeddings"].dtype == tf.float32
        np.testing.assert_allclose(outputs["embeddings"], tiny_encoder.encode(TEXTS), atol=1e-6)

    def test_an_export_after_training_holds_the_trained_weights(self, tiny_folder, tiny_pairs, tmp_path):
        encoder = load_encoder(tiny_folder, freeze="dense/bias")
        before = encoder.encode(TEXTS)
        fit(Siamese(encoder), tiny_pairs, epochs=1, learning_rate=0.01)
        loaded = load_encoder(export_saved_model(encoder, tmp_path))
        np.testing.assert_allclose(loaded.encode(TEXTS), encoder.encode(TEXTS), atol=1e-6)
        assert np.abs(loaded.encode(TEXTS) - before).max() > 1e-3
        # What was frozen for this training is not frozen for ever.
        assert len(loaded.trainable_variables) == 3

    def test_an_export_is_independent_of_the_folder_that_it_came_from(self, tmp_path, tiny_encoder):
        first = export_saved_model(tiny_encoder, tmp_path / "first")
        second = export_saved_model(load_encoder(first), tmp_path / "second")
        for path in sorted(first.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        np.testing.assert_allclose(load_encoder(second).encode(TEXTS), tiny_encoder.encode(TEXTS), atol=1e-6)


class TestSimilaritySignature:
    def _scores(self, folder: Path, left: tf.Tensor = LEFT, right: tf.Tensor = RIGHT) -> dict[str, tf.Tensor]:
        return tf.saved_model.load(str(folder)).signatures["similarity"](left=left, right=right)

    @pytest.mark.parametrize("head", HEADS)
    def test_the_score_is_that_of_the_head_and_the_others_stand_beside_it(self, tiny_encoder, tmp_path, head):
        scores = self._scores(export_saved_model(tiny_encoder, tmp_path, head=head))
        vectors = tiny_encoder(LEFT), tiny_encoder(RIGHT)
        assert set(scores) == {"score", "cosine", "angular"}
        for name, expected in (("score", head), ("cosine", "cosine"), ("angular", "angular")):
            assert scores[name].shape == [3]
            np.testing.assert_allclose(scores[name], similarity.get(expected)(*vectors), atol=1e-6)

    def test_a_siamese_model_brings_its_head_along(self, tiny_encoder, tmp_path):
        model = Siamese(tiny_encoder, head="dot")
        scores = self._scores(export_saved_model(model, tmp_path))
        np.testing.assert_allclose(scores["score"], model([LEFT, RIGHT]), atol=1e-5)
        overruled = self._scores(export_saved_model(model, tmp_path, head="cosine"))
        np.testing.assert_allclose(overruled["score"], overruled["cosine"], atol=1e-6)

    def test_the_score_is_angular_by_default(self, tiny_encoder, tmp_path):
        scores = self._scores(export_saved_model(tiny_encoder, tmp_path))
        np.testing.assert_array_equal(scores["score"], scores["angular"])

    def test_sides_of_different_length_are_refused(self, tiny_encoder, tmp_path):
        folder = export_saved_model(tiny_encoder, tmp_path)
        with pytest.raises(tf.errors.InvalidArgumentError, match="left and right must hold equally many texts"):
            self._scores(folder, LEFT, RIGHT[:1])


class TestReusable:
    def test_the_root_is_callable_and_names_its_variables(self, tiny_encoder, tmp_path):
        loaded = tf.saved_model.load(str(export_saved_model(tiny_encoder, tmp_path)))
        np.testing.assert_allclose(loaded(tf.constant(TEXTS)), tiny_encoder.encode(TEXTS), atol=1e-6)
        assert (len(loaded.variables), len(loaded.trainable_variables)) == (3, 3)
        assert len(loaded.regularization_losses) == 0

    def test_variables_that_are_not_to_be_trained_stay_so(self, tmp_path):
        encoder = load_encoder(write_mixed(tmp_path / "mixed"))
        loaded = tf.saved_model.load(str(export_saved_model(encoder, tmp_path / "out")))
        assert len(loaded.variables) == 4
        assert {variable.name for variable in loaded.trainable_variables} == {"b_kernel:0", "d_kernel:0"}

    def test_regularization_losses_are_carried_over(self, tmp_path):
        network = WordNetwork()
        call = tf.function(network.encode, input_signature=[tf.TensorSpec([None], tf.string)])
        penalty = tf.function(lambda: 0.25 * tf.reduce_sum(network.kernel**2), input_signature=[])
        encoder = load_encoder(write_reusable(tmp_path / "regularized", network, call, [penalty]))
        for generation in range(2):
            encoder = load_encoder(export_saved_model(encoder, tmp_path / str(generation)))
            (loss,) = encoder.regularization_losses
            np.testing.assert_allclose(loss(), 0.25 * np.sum(network.kernel.numpy() ** 2), rtol=1e-5)

    def test_dropout_survives_an_export(self, tmp_path):
        encoder = load_encoder(write_dropout(tmp_path / "dropout"))
        texts = tf.constant(["four"] * 20)
        for generation in range(2):
            encoder = load_encoder(export_saved_model(encoder, tmp_path / str(generation)))
            np.testing.assert_array_equal(encoder(texts), np.full([20, 12], 4.0))
            assert {*encoder(texts, training=True).numpy().ravel()} == {0.0, 8.0}

    def test_an_export_can_be_trained_and_exported_again(self, tiny_encoder, tiny_pairs, tmp_path):
        encoder = load_encoder(export_saved_model(tiny_encoder, tmp_path))
        history = fit(Siamese(encoder), tiny_pairs, epochs=3, learning_rate=0.03).history
        assert history["loss"][-1] < 0.8 * history["loss"][0]
        again = load_encoder(export_saved_model(encoder, tmp_path))
        np.testing.assert_allclose(again.encode(TEXTS), encoder.encode(TEXTS), atol=1e-6)

    def test_a_keras_layer_of_tensorflow_hub_trains_it(self, tiny_encoder, tmp_path):
        tf_keras = pytest.importorskip("tf_keras", reason="tf_keras, which hub.KerasLayer needs, is not installed")
        import tensorflow_hub as hub

        layer = hub.KerasLayer(str(export_saved_model(tiny_encoder, tmp_path)), trainable=True)
        model = tf_keras.Sequential([tf_keras.layers.Input([], dtype=tf.string), layer, tf_keras.layers.Dense(1)])
        np.testing.assert_allclose(layer(tf.constant(TEXTS)), tiny_encoder.encode(TEXTS), atol=1e-6)
        assert (len(layer.trainable_weights), len(layer.non_trainable_weights)) == (3, 0)
        before = [weight.numpy() for weight in layer.trainable_weights]
        model.compile("sgd", "mse")
        model.fit(tf.constant(TEXTS), tf.constant([[3.0]] * 5), verbose=0)
        for weight, value in zip(layer.trainable_weights, before, strict=True):
            assert np.abs(weight.numpy() - value).max() > 0


def _reusable(folder: Path) -> Encoder:
    network = WordNetwork()
    call = tf.function(network.encode, input_signature=[tf.TensorSpec([None], tf.string)])
    return load_encoder(write_reusable(folder, network, call))


def _through_a_signature(folder: Path) -> Encoder:
    network = WordNetwork()
    return load_encoder(write_signatures(folder, {"serve": lambda text: {"out": network.encode(text)}}, network))


def _through_a_chosen_signature(folder: Path) -> Encoder:
    network = WordNetwork()
    call = tf.function(network.encode, input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    doubled = tf.function(
        lambda text: {"out": 2 * network.encode(text)},
        input_signature=[tf.TensorSpec([None], tf.string, name="text")],
    )
    root = tf.train.Checkpoint(network=network)
    root.__call__ = call
    root.variables = root.trainable_variables = list(network.variables)
    tf.saved_model.save(root, str(folder), signatures={"doubled": doubled})
    return load_encoder(folder, signature="doubled")


def _through_a_chosen_output(folder: Path) -> Encoder:
    network = WordNetwork()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def call(texts: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"one": network.encode(texts), "two": 2 * network.encode(texts)}

    return load_encoder(write_reusable(folder, network, call), output_key="two")


@pytest.mark.parametrize(
    "load", [_reusable, _through_a_signature, _through_a_chosen_signature, _through_a_chosen_output]
)
class TestGenerations:
    def test_an_export_of_an_export_of_an_export_gives_the_same_vectors_and_does_not_grow(self, load, tmp_path):
        encoder = load(tmp_path / "source")
        expected = encoder.encode(TEXTS)
        sizes = []
        for generation in range(1, 5):
            folder = export_saved_model(encoder, tmp_path / "exports")
            assert folder.name == str(generation)
            encoder = load_encoder(folder)
            np.testing.assert_allclose(encoder.encode(TEXTS), expected, atol=1e-6)
            assert len(encoder.trainable_variables) == 2
            sizes.append((folder / "saved_model.pb").stat().st_size)
        assert sizes[3] < 1.05 * sizes[1]

    def test_an_export_of_an_export_can_be_trained(self, load, tmp_path, tiny_pairs):
        encoder = load_encoder(export_saved_model(load(tmp_path / "source"), tmp_path / "exports"))
        encoder = load_encoder(export_saved_model(encoder, tmp_path / "exports"))
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(encoder(tf.constant(TEXTS), training=True))
        for gradient in tape.gradient(total, [variable.value for variable in encoder.trainable_variables]):
            assert np.abs(tf.convert_to_tensor(gradient)).max() > 0


class TestOtherProcesses:
    def test_a_process_killed_in_the_middle_leaves_no_version(self, tiny_encoder, tiny_folder, tmp_path):
        code = """
            import tensorflow as tf
            from tfsiamese import export_saved_model, load_encoder
            encoder = load_encoder(sys.argv[1])
            save = tf.saved_model.save
            def save_and_die(*arguments, **keywords):
                save(*arguments, **keywords)
                die()
            tf.saved_model.save = save_and_die
            export_saved_model(encoder, sys.argv[2])
        """
        killed = finish(start_python(code, tiny_folder, tmp_path / "jobs"))
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert list((tmp_path / "jobs").rglob("saved_model.pb"))
        assert not [name for name in _names(tmp_path / "jobs") if name.isdecimal()]
        with pytest.raises(EncoderError, match="holds neither a SavedModel"):
            load_encoder(tmp_path / "jobs")
        assert export_saved_model(tiny_encoder, tmp_path / "jobs").name == "1"

    def test_two_exports_at_once_get_different_versions(self, tiny_folder, tiny_encoder, tmp_path):
        code = """
            import tensorflow as tf
            from tfsiamese import export_saved_model, load_encoder
            tiny, base, begun = sys.argv[1:]
            encoder = load_encoder(tiny)
            save = tf.saved_model.save
            def meet_and_save(*arguments, **keywords):
                meet(begun)
                save(*arguments, **keywords)
            tf.saved_model.save = meet_and_save
            print(export_saved_model(encoder, base).name)
        """
        base = tmp_path / "jobs"
        started = [start_python(code, tiny_folder, base, tmp_path / "begun") for _ in range(2)]
        ended = [finish(process) for process in started]
        assert [process.returncode for process in ended] == [0, 0], ended[0].stderr + ended[1].stderr
        assert sorted(process.stdout.strip() for process in ended) == ["1", "2"]
        assert _versions(base) == ["1", "2"]
        for version in ("1", "2"):
            np.testing.assert_allclose(
                load_encoder(base / version).encode(TEXTS), tiny_encoder.encode(TEXTS), atol=1e-6
            )

    def test_a_version_that_another_export_took_meanwhile_is_left_alone(self, tiny_encoder, tmp_path, monkeypatch):
        write = saved_model.write_version

        def be_overtaken(*arguments: object) -> None:
            write(*arguments)
            (tmp_path / "5").mkdir()
            (tmp_path / "5" / "saved_model.pb").write_text("of the other")

        monkeypatch.setattr(saved_model, "write_version", be_overtaken)
        with pytest.raises(ExportError, match=r"5 was written by another export in the meantime\. Nothing was changed"):
            export_saved_model(tiny_encoder, tmp_path, version=5)
        assert (tmp_path / "5" / "saved_model.pb").read_text() == "of the other"
        assert _names(tmp_path) == ["5"]


class TestTypes:
    @pytest.mark.parametrize(
        ("setting", "said"),
        [
            ({"corpus": ["a"]}, "Expected corpus to be a Corpus. Received: list."),
            ({"evaluator": 5}, "Expected an evaluator, such as StsEvaluator. Received: 5."),
            ({"label": 5}, "Expected a version's label to consist of letters"),
            ({"name": ""}, "Expected the model's name to consist of letters"),
            ({"precision": "int4"}, "Unknown precision 'int4'. Did you mean 'int8'? Expected one of float32"),
            ({"tolerance": float("nan")}, "Expected the tolerance to be a number from 0 up"),
            ({"keep_last": True}, "Expected keep_last to be a positive integer"),
        ],
    )
    def test_a_setting_of_the_wrong_kind_is_an_export_error(self, setting, said):
        with pytest.raises(ExportError, match=re.escape(said)):
            ExportSettings(**setting)

    def test_arguments_of_the_wrong_kind_are_export_errors(self, tiny_encoder, tmp_path):
        for arguments in ((None, tmp_path), (tiny_encoder, None), (tiny_encoder, "")):
            with pytest.raises(ExportError, match="Expected"):
                export_saved_model(*arguments)
        with pytest.raises(ExportError, match="Expected settings to be ExportSettings"):
            export_saved_model(tiny_encoder, tmp_path, settings={"precision": "int8"})
        assert _names(tmp_path) == []

    def test_an_op_that_cannot_be_served_is_named_with_the_folder_that_was_asked_for(self, tmp_path):
        network, doubled = WordNetwork(), tf.function(lambda vectors: 2 * vectors, jit_compile=True)
        signatures = {"serve": lambda text: {"out": doubled(network.encode(text))}}
        encoder = load_encoder(write_signatures(tmp_path / "source", signatures, network))
        with pytest.raises(ExportError, match=r"TensorFlow Serving cannot run .*jobs/1\. ") as caught:
            export_saved_model(encoder, tmp_path / "jobs")
        assert "XLA" in str(caught.value)
        assert not (tmp_path / "jobs" / "1").exists()
