from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tests.conftest import write_tiny_encoder
from tests.encoders.saved_models import (
    NUM_ROWS,
    WordNetwork,
    write_dropout,
    write_frozen,
    write_mixed,
    write_reusable,
    write_signatures,
)
from tfsiamese import fit
from tfsiamese.encoders import Encoder, SavedModelEncoder, load_encoder
from tfsiamese.errors import EncoderError, TrainingError
from tfsiamese.pairs import Pairs
from tfsiamese.siamese import Siamese

TEXTS = ["red apple", "nurse", "", "data code road", "nurse"]


@pytest.fixture
def word_network() -> WordNetwork:
    return WordNetwork()


@pytest.fixture
def two_signatures(tmp_path: Path, word_network: WordNetwork) -> Path:
    functions = {
        "serving_default": lambda text: {"outputs": word_network.encode(text)},
        "doubled": lambda text: {"outputs": 2 * word_network.encode(text)},
    }
    return write_signatures(tmp_path / "two", functions, word_network)


@pytest.fixture
def two_outputs(tmp_path: Path, word_network: WordNetwork) -> Path:
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def call(texts: tf.Tensor) -> dict[str, tf.Tensor]:
        vectors = word_network.encode(texts)
        return {"one": vectors, "two": 2 * vectors, "tokens": tf.strings.length(texts)}

    return write_reusable(tmp_path / "outputs", word_network, call)


class TestReusable:
    def test_a_reusable_saved_model_is_an_encoder(self, tiny_folder):
        encoder = load_encoder(tiny_folder)
        assert isinstance(encoder, SavedModelEncoder)
        assert isinstance(encoder, Encoder)
        assert (encoder.dimension, encoder.source, encoder.folder) == (8, str(tiny_folder), tiny_folder)
        expected = tf.saved_model.load(str(tiny_folder))(tf.constant(TEXTS))
        np.testing.assert_array_equal(encoder(tf.constant(TEXTS)), expected)

    def test_the_names_of_the_variables_stand_in_the_order_of_the_variables(self, tiny_encoder):
        assert sorted(tiny_encoder.variable_names) == ["dense/bias", "dense/kernel", "embedding_table"]
        shapes = {"dense/bias": (8,), "dense/kernel": (12, 8), "embedding_table": (512, 12)}
        for name, variable in zip(tiny_encoder.variable_names, tiny_encoder.variables, strict=True):
            assert variable.shape == shapes[name]

    def test_variables_that_are_not_to_be_trained_are_told_apart(self, tmp_path):
        encoder = load_encoder(write_mixed(tmp_path / "mixed"))
        assert {variable.name for variable in encoder.trainable_variables} == {"b_kernel", "d_kernel"}
        assert [variable.name for variable in encoder.variables] == encoder.variable_names

    def test_a_half_precision_output_becomes_float32(self, tmp_path, word_network):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def call(texts: tf.Tensor) -> tf.Tensor:
            return tf.cast(word_network.encode(texts), tf.float16)

        encoder = load_encoder(write_reusable(tmp_path / "half", word_network, call))
        assert encoder(tf.constant(TEXTS)).dtype == tf.float32
        assert encoder.encode(TEXTS).dtype == np.float32

    def test_the_fingerprint_tells_weights_apart_and_is_the_same_for_the_same(self, tiny_folder, tmp_path):
        other = load_encoder(write_tiny_encoder(tmp_path / "other", seed=1))
        assert load_encoder(tiny_folder).fingerprint == load_encoder(tiny_folder).fingerprint
        assert load_encoder(tiny_folder).fingerprint != other.fingerprint


class TestSharedVariables:
    def test_assigning_to_a_variable_changes_what_the_saved_model_computes(self, tiny_encoder):
        texts = tf.constant(["red apple"])
        for variable in tiny_encoder.variables:
            before = tiny_encoder._loaded(texts).numpy()
            variable.assign(variable + 0.5)
            after = tiny_encoder._loaded(texts).numpy()
            assert np.abs(after - before).max() > 1e-3
            np.testing.assert_array_equal(tiny_encoder(texts), after)

    def test_two_loaded_encoders_are_independent(self, tiny_folder):
        one, other = load_encoder(tiny_folder), load_encoder(tiny_folder)
        before = other.encode(TEXTS)
        one.variables[0].assign_add(tf.ones([8]))
        np.testing.assert_array_equal(other.encode(TEXTS), before)

    def test_an_encoder_that_is_compiled_already_sees_the_new_values(self, tiny_encoder):
        before = tiny_encoder.encode(TEXTS)
        for variable in tiny_encoder.variables:
            variable.assign(tf.zeros_like(variable.value))
        np.testing.assert_array_equal(tiny_encoder.encode(TEXTS), np.zeros_like(before))


class TestTrainingArgument:
    @pytest.fixture
    def encoder(self, tmp_path):
        return load_encoder(write_dropout(tmp_path / "dropout"))

    def test_units_are_dropped_in_training_only(self, encoder):
        texts = tf.constant(["four"] * 20)
        np.testing.assert_array_equal(encoder(texts), np.full([20, 12], 4.0))
        np.testing.assert_array_equal(encoder(texts, training=False), np.full([20, 12], 4.0))
        assert {*encoder(texts, training=True).numpy().ravel()} == {0.0, 8.0}

    def test_encode_is_inference(self, encoder):
        np.testing.assert_array_equal(encoder.encode(["four"]), np.full([1, 12], 4.0))

    def test_equal_texts_may_get_different_vectors_in_training(self, encoder, tiny_encoder):
        assert not encoder.is_deterministic
        assert tiny_encoder.is_deterministic


class TestSignatures:
    def test_a_saved_model_with_a_text_signature_is_an_encoder(self, tmp_path, word_network):
        encode = {"serving_default": lambda text: {"vector": word_network.encode(text)}}
        encoder = load_encoder(write_signatures(tmp_path / "signature", encode, word_network))
        np.testing.assert_allclose(encoder.encode(TEXTS), word_network.encode(tf.constant(TEXTS)), atol=1e-6)

    def test_a_single_text_signature_is_taken_whatever_its_name(self, tmp_path, word_network):
        encode = {"question_encoder": lambda text: {"outputs": word_network.encode(text)}}
        encoder = load_encoder(write_signatures(tmp_path / "signature", encode, word_network))
        np.testing.assert_allclose(encoder.encode(TEXTS), word_network.encode(tf.constant(TEXTS)), atol=1e-6)

    def test_training_works_through_a_signature(self, two_signatures, tiny_pairs):
        encoder = load_encoder(two_signatures)
        assert {variable.name for variable in encoder.trainable_variables} == {"table", "kernel"}
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(encoder(tf.constant(TEXTS), training=True))
        for gradient in tape.gradient(total, [variable.value for variable in encoder.trainable_variables]):
            assert np.abs(tf.convert_to_tensor(gradient)).max() > 0
        before = [variable.numpy() for variable in encoder.trainable_variables]
        history = fit(Siamese(encoder), tiny_pairs, epochs=4, learning_rate=0.03).history
        assert history["loss"][-1] < 0.8 * history["loss"][0]
        for variable, value in zip(encoder.trainable_variables, before, strict=True):
            assert np.abs(variable.numpy() - value).max() > 1e-3

    def test_a_frozen_export_encodes_and_says_that_it_cannot_be_trained(self, tmp_path, tiny_pairs):
        encoder = load_encoder(write_frozen(tmp_path / "frozen"))
        assert encoder.encode(TEXTS).shape == (5, 4)
        assert encoder.trainable_variables == []
        message = r"frozen has no trainable variables: it was exported for inference only\."
        with pytest.raises(TrainingError, match=message):
            fit(Siamese(encoder), tiny_pairs, epochs=1)

    def test_the_signature_that_is_named_is_the_one_that_is_called(self, two_signatures):
        plain, doubled = load_encoder(two_signatures), load_encoder(two_signatures, signature="doubled")
        np.testing.assert_allclose(doubled.encode(TEXTS), 2 * plain.encode(TEXTS), rtol=1e-6)
        assert len(doubled.trainable_variables) == 2

    def test_a_signature_can_be_preferred_to_the_call(self, tiny_folder, tiny_encoder):
        encoder = load_encoder(tiny_folder, signature="serving_default")
        np.testing.assert_allclose(encoder.encode(TEXTS), tiny_encoder.encode(TEXTS), atol=1e-6)
        assert len(encoder.trainable_variables) == 3

    def test_an_unknown_signature_is_answered_with_those_there_are(self, tiny_folder):
        message = (
            r"tiny has no signature 'similarty' that takes one batch of strings\. Its signatures: serving_default, "
            r"embed, similarity; with one batch of strings as input: serving_default, embed\. Name one with signature="
        )
        with pytest.raises(EncoderError, match=message):
            load_encoder(tiny_folder, signature="similarty")

    def test_several_text_signatures_without_a_default_ask_for_a_name(self, tmp_path, word_network):
        functions = {
            name: lambda text: {"outputs": word_network.encode(text)} for name in ("question_encoder", "answer_encoder")
        }
        folder = write_signatures(tmp_path / "qa", functions, word_network)
        with pytest.raises(EncoderError, match=r"(question|answer)_encoder\. Name one with signature="):
            load_encoder(folder)
        assert load_encoder(folder, signature="answer_encoder").dimension == 4


class TestOutputs:
    def test_the_output_that_is_named_is_the_one_that_is_taken(self, two_outputs):
        one, two = (load_encoder(two_outputs, output_key=key) for key in ("one", "two"))
        np.testing.assert_allclose(two.encode(TEXTS), 2 * one.encode(TEXTS), rtol=1e-6)

    @pytest.mark.parametrize("key", [None, "three"])
    def test_several_outputs_ask_for_a_name(self, two_outputs, key):
        message = rf"outputs has the outputs one, tokens, two, .* output_key=\. Received: output_key={key!r}\."
        with pytest.raises(EncoderError, match=message):
            load_encoder(two_outputs, output_key=key)

    def test_an_output_that_holds_no_vectors_is_reported(self, two_outputs):
        with pytest.raises(EncoderError, match=r"turns 1 text into the shape \(1,\)\. Expected \[1, dimension\]"):
            load_encoder(two_outputs, output_key="tokens")

    def test_a_name_that_is_usual_for_vectors_is_taken_without_asking(self, tmp_path, word_network):
        encode = {
            "serving_default": lambda text: {
                "attention": tf.zeros([tf.size(text), 7]),
                "sentence_embedding": word_network.encode(text),
            }
        }
        encoder = load_encoder(write_signatures(tmp_path / "usual", encode, word_network))
        np.testing.assert_allclose(encoder.encode(TEXTS), word_network.encode(tf.constant(TEXTS)), atol=1e-6)

    def test_the_only_output_with_vectors_is_taken_without_asking(self, tmp_path, word_network):
        encode = {
            "serving_default": lambda text: {"length": tf.strings.length(text), "muse": word_network.encode(text)}
        }
        encoder = load_encoder(write_signatures(tmp_path / "only", encode, word_network))
        assert encoder.dimension == 4


class TestRegularization:
    WEIGHT = 0.25

    @pytest.fixture
    def folder(self, tmp_path, word_network):
        call = tf.function(word_network.encode, input_signature=[tf.TensorSpec([None], tf.string)])
        penalty = tf.function(lambda: self.WEIGHT * tf.reduce_sum(word_network.kernel**2), input_signature=[])
        return write_reusable(tmp_path / "regularized", word_network, call, [penalty])

    def test_losses_are_carried_over(self, folder, word_network):
        (penalty,) = load_encoder(folder).regularization_losses
        np.testing.assert_allclose(penalty(), self.WEIGHT * np.sum(word_network.kernel.numpy() ** 2), rtol=1e-5)

    def test_losses_are_added_in_training_and_not_in_validation(self, folder):
        pairs = Pairs.from_frame(pd.DataFrame({"left": ["red"], "right": ["red"], "score": [0.99857647]}))
        encoder = load_encoder(folder)
        expected = float(encoder.regularization_losses[0]())
        history = fit(Siamese(encoder), pairs, validation=pairs, epochs=1, learning_rate=1e-9)
        # The pair itself costs nothing.
        assert history.history["loss"][0] == pytest.approx(expected, rel=1e-3)
        assert history.before["val_loss"] == pytest.approx(0.0, abs=1e-6)

    def test_losses_reach_the_weights(self, folder):
        pairs = Pairs.from_frame(pd.DataFrame({"left": ["red"], "right": ["red"], "score": [0.99857647]}))
        encoder = load_encoder(folder)
        before = float(encoder.regularization_losses[0]())
        fit(Siamese(encoder), pairs, epochs=5, learning_rate=0.01)
        assert float(encoder.regularization_losses[0]()) < 0.95 * before

    def test_there_are_none_without(self, tiny_encoder):
        assert list(tiny_encoder.regularization_losses) == []


class TestWrongInputs:
    def test_a_model_that_takes_token_ids_is_refused(self, tmp_path, word_network):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)])
        def call(ids: tf.Tensor) -> tf.Tensor:
            return tf.gather(word_network.table, ids)

        folder = write_reusable(tmp_path / "ids", word_network, call)
        with pytest.raises(EncoderError, match=r"ids does not encode a batch of strings: .* token ids need") as error:
            load_encoder(folder)
        assert "\n" not in str(error.value)

    def test_a_signature_that_takes_token_ids_is_none_for_texts(self, tmp_path, word_network):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, name="ids")])
        def serve(ids: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"outputs": tf.gather(word_network.table, ids % NUM_ROWS)}

        tf.saved_model.save(word_network, str(tmp_path / "ids"), signatures=serve)
        message = r"Its signatures: serving_default; with one batch of strings as input: none\."
        with pytest.raises(EncoderError, match=message):
            load_encoder(tmp_path / "ids")

    def test_one_vector_for_each_token_is_refused(self, tmp_path, word_network):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def call(texts: tf.Tensor) -> tf.Tensor:
            return tf.stack([word_network.encode(texts)] * 3, axis=1)

        folder = write_reusable(tmp_path / "tokens", word_network, call)
        with pytest.raises(EncoderError, match=r"turns 1 text into the shape \(1, 3, 4\)\. Expected \[1, dimension\]"):
            load_encoder(folder)

    def test_integer_outputs_are_refused(self, tmp_path):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def call(texts: tf.Tensor) -> tf.Tensor:
            return tf.ones([tf.size(texts), 3], tf.int32)

        folder = write_reusable(tmp_path / "integers", tf.Module(), call)
        with pytest.raises(EncoderError):
            load_encoder(folder)


class TestDamagedFolders:
    @pytest.fixture
    def folder(self, tmp_path):
        return write_tiny_encoder(tmp_path / "damaged")

    def _expect_one_line(self, folder):
        with pytest.raises(EncoderError, match="damaged cannot be loaded as a SavedModel") as error:
            load_encoder(folder)
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize("missing", ["variables.index", "variables.data-00000-of-00001"])
    def test_missing_variables_are_one_line(self, folder, missing):
        (folder / "variables" / missing).unlink()
        self._expect_one_line(folder)

    @pytest.mark.parametrize("num_bytes", [0, 100])
    @pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.index"])
    def test_truncated_files_are_one_line(self, folder, name, num_bytes):
        (folder / name).write_bytes((folder / name).read_bytes()[:num_bytes])
        self._expect_one_line(folder)

    def test_truncated_weights_are_one_line(self, folder):
        path = folder / "variables" / "variables.data-00000-of-00001"
        path.write_bytes(path.read_bytes()[:100])
        self._expect_one_line(folder)

    def test_a_file_of_something_else_is_one_line(self, folder):
        (folder / "saved_model.pb").write_text("<html>404 not found</html>")
        self._expect_one_line(folder)
