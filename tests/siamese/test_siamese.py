import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.encoders.saved_models import write_dropout
from tfsiamese import similarity
from tfsiamese.encoders import load_encoder
from tfsiamese.errors import SettingsError
from tfsiamese.siamese import HEADS, Siamese

LEFT = tf.constant(["red apple", "nurse", "data code road", "red apple", ""])
RIGHT = tf.constant(["red apple", "medical nurse", "", "nurse", "stone"])


class TestModel:
    def test_it_is_a_keras_model_with_two_string_inputs_and_one_score(self, tiny_encoder):
        model = Siamese(tiny_encoder)
        assert isinstance(model, keras.Model)
        assert [(entry.name, entry.dtype, entry.shape) for entry in model.inputs] == [
            ("left", "string", (None,)),
            ("right", "string", (None,)),
        ]
        assert (model.output_shape, model.outputs[0].dtype) == ((None,), "float32")

    def test_the_summary_counts_the_encoder_once(self, tiny_encoder):
        lines = []
        Siamese(tiny_encoder).summary(print_fn=lambda line, **_: lines.append(line))
        # 512 · 12 embeddings, 12 · 8 weights and 8 biases.
        assert "Total params: 6,248" in "\n".join(lines)
        assert "Trainable params: 6,248" in "\n".join(lines)

    @pytest.mark.parametrize("head", HEADS)
    def test_the_score_is_the_head_of_the_two_encodings(self, tiny_encoder, head):
        expected = similarity.get(head)(tiny_encoder(LEFT), tiny_encoder(RIGHT))
        score = Siamese(tiny_encoder, head=head)([LEFT, RIGHT])
        assert (score.shape, score.dtype) == ([5], tf.float32)
        np.testing.assert_allclose(score, expected, atol=1e-6)

    def test_the_head_is_angular_by_default(self, tiny_encoder):
        model = Siamese(tiny_encoder)
        assert model.head == "angular"
        # Equal texts have the clipped maximum 1 − arccos(0.99999)/π.
        np.testing.assert_allclose(model([LEFT, RIGHT])[0], 0.99857647, atol=2e-6)

    @pytest.mark.parametrize("head", HEADS)
    def test_swapping_the_inputs_changes_nothing(self, tiny_encoder, head):
        model = Siamese(tiny_encoder, head=head)
        np.testing.assert_allclose(model([LEFT, RIGHT]), model([RIGHT, LEFT]), atol=1e-6)

    def test_inputs_can_be_given_by_name(self, tiny_encoder):
        model = Siamese(tiny_encoder)
        np.testing.assert_array_equal(model({"right": RIGHT, "left": LEFT}), model([LEFT, RIGHT]))

    def test_predict_takes_arrays_and_data_sets_in_batches_of_any_size(self, tiny_encoder):
        model = Siamese(tiny_encoder)
        expected = model([LEFT, RIGHT])
        arrays = [np.array(texts.numpy().astype(str), object) for texts in (LEFT, RIGHT)]
        dataset = tf.data.Dataset.from_tensor_slices(((LEFT, RIGHT),)).batch(2)
        for predicted in (
            model.predict([LEFT, RIGHT], verbose=0),
            model.predict(arrays, batch_size=2, verbose=0),
            model.predict(dataset, verbose=0),
        ):
            np.testing.assert_allclose(predicted, expected, atol=1e-6)

    def test_embed_gives_the_embeddings_of_each_side(self, tiny_encoder):
        left, right = Siamese(tiny_encoder).embed(LEFT, RIGHT)
        np.testing.assert_allclose(left, tiny_encoder(LEFT), atol=1e-6)
        np.testing.assert_allclose(right, tiny_encoder(RIGHT), atol=1e-6)

    def test_an_empty_batch_has_no_scores(self, tiny_encoder):
        empty = tf.constant([], tf.string)
        assert Siamese(tiny_encoder)([empty, empty]).shape == [0]


class TestSharedEncoder:
    def test_the_trainable_variables_are_exactly_those_of_the_encoder(self, tiny_encoder):
        model = Siamese(tiny_encoder)
        assert model.encoder is tiny_encoder
        assert len(model.trainable_variables) == 3
        assert [id(variable) for variable in model.trainable_variables] == [
            id(variable) for variable in tiny_encoder.trainable_variables
        ]
        assert len(model.variables) == 3

    def test_two_models_share_one_encoder(self, tiny_encoder):
        angular, cosine = Siamese(tiny_encoder), Siamese(tiny_encoder, head="cosine")
        before = cosine([LEFT, RIGHT]).numpy()
        angular.trainable_variables[0].assign_add(tf.ones([8]))
        assert np.abs(cosine([LEFT, RIGHT]) - before).max() > 0.01

    def test_a_frozen_variable_is_no_longer_trainable_in_the_model(self, tiny_encoder):
        model = Siamese(tiny_encoder)
        tiny_encoder.freeze("embedding_table")
        assert {variable.name for variable in model.trainable_variables} == {"dense.kernel", "dense.bias"}

    def test_texts_that_occur_repeatedly_add_up_in_the_gradient(self, tiny_encoder):
        model = Siamese(tiny_encoder, head="cosine")
        variables = [variable.value for variable in tiny_encoder.trainable_variables]
        weights = tf.constant([1.0, -2.0, 3.0, 0.5, 1.5])
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(weights * model([LEFT, RIGHT]))
        gradients = tape.gradient(total, variables)
        with tf.GradientTape() as tape:
            # Each text on its own, one after the other.
            scores = [
                similarity.cosine(tiny_encoder(LEFT[row : row + 1]), tiny_encoder(RIGHT[row : row + 1]))[0]
                for row in range(5)
            ]
            total = tf.reduce_sum(weights * tf.stack(scores))
        for gradient, expected in zip(gradients, tape.gradient(total, variables), strict=True):
            dense, expected = tf.convert_to_tensor(gradient), tf.convert_to_tensor(expected)
            assert np.abs(expected).max() > 0
            np.testing.assert_allclose(dense, expected, atol=1e-5)


class TestTraining:
    def test_keras_fits_it_with_its_own_optimizer(self, tiny_encoder):
        model = Siamese(tiny_encoder)
        before = tiny_encoder.encode(["red apple"])
        model.compile(optimizer=keras.optimizers.Adam(0.03), loss="mse", metrics=["mae"])
        labels = np.array([0.9, 0.8, 0.1, 0.5, 0.2], np.float32)
        history = model.fit([LEFT, RIGHT], labels, batch_size=2, epochs=8, verbose=0).history
        assert history["loss"][-1] < 0.5 * history["loss"][0]
        assert np.abs(tiny_encoder.encode(["red apple"]) - before).max() > 0.01
        assert model.evaluate([LEFT, RIGHT], labels, verbose=0, return_dict=True)["loss"] < history["loss"][0]

    def test_training_is_what_the_encoder_is_told(self, tmp_path):
        model = Siamese(load_encoder(write_dropout(tmp_path / "dropout")))
        texts = tf.constant(["a text of some length"] * 8)
        for vectors in model.embed(texts, texts, training=False):
            assert np.count_nonzero(vectors == 0) == 0
        left, right = model.embed(texts, texts, training=True)
        assert 0 < np.count_nonzero(left == 0) < tf.size(left)
        # Equal texts are dropped from independently, as they would be one by one.
        assert np.abs(left - right).max() > 0
        assert np.abs(left[0] - left[1:]).max() > 0


class TestErrors:
    def test_a_name_in_place_of_an_encoder_is_reported(self):
        message = r"Siamese takes an encoder and received str\. Load one with load_encoder"
        with pytest.raises(SettingsError, match=message):
            Siamese("use-multilingual")

    def test_an_unknown_head_is_answered_with_the_known_ones(self, tiny_encoder):
        with pytest.raises(SettingsError, match=r"Unknown head 'euclidean'\. Expected one of angular, cosine, dot\."):
            Siamese(tiny_encoder, head="euclidean")
