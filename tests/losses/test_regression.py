import keras
import numpy as np
import pytest
import tensorflow as tf

from tfsiamese import fit
from tfsiamese.errors import SettingsError
from tfsiamese.losses import CosineSimilarityLoss, FunctionLoss, MeanSquaredErrorLoss, mean_squared_error
from tfsiamese.siamese import Siamese

# At 90° and at 45°: cosines 0 and √½, angular similarities 0.5 and 0.75, dot products 0 and 1.
LEFT, RIGHT = [[1.0, 0.0], [1.0, 0.0]], [[0.0, 2.0], [1.0, 1.0]]
LABELS = tf.constant([1.0, 0.5])


class TestMeanSquaredError:
    def test_is_the_mean_of_the_squared_differences(self):
        value = mean_squared_error(tf.constant([1, 0, 1]), tf.constant([0.5, 0.5, -1.0]))
        np.testing.assert_allclose(value, (0.25 + 0.25 + 4) / 3, rtol=1e-6)
        assert value.shape == []

    @pytest.mark.parametrize(
        ("head", "expected"),
        [
            ("angular", (0.5**2 + 0.25**2) / 2),
            ("cosine", (1.0**2 + (0.5**0.5 - 0.5) ** 2) / 2),
            ("dot", (1.0**2 + 0.5**2) / 2),
        ],
    )
    def test_compares_the_similarity_of_its_head_with_the_label(self, head, expected):
        np.testing.assert_allclose(MeanSquaredErrorLoss(head)(LABELS, (LEFT, RIGHT)), expected, rtol=1e-6)

    def test_the_head_is_angular_by_default(self):
        assert MeanSquaredErrorLoss().get_config() == {"head": "angular"}

    def test_an_unknown_head_is_reported(self):
        with pytest.raises(SettingsError, match="Unknown similarity 'manhattan'"):
            MeanSquaredErrorLoss("manhattan")

    def test_any_grade_from_0_to_1_is_a_label(self):
        MeanSquaredErrorLoss().check_labels(np.array([0.0, 0.7468, 1.0], np.float32))


class TestCosineSimilarity:
    def test_is_the_mean_squared_error_of_the_cosine(self):
        expected = (1.0**2 + (0.5**0.5 - 0.5) ** 2) / 2
        np.testing.assert_allclose(CosineSimilarityLoss()(LABELS, (LEFT, RIGHT)), expected, rtol=1e-6)

    def test_has_nothing_to_set(self):
        assert CosineSimilarityLoss().get_config() == {}
        assert repr(CosineSimilarityLoss()) == "CosineSimilarityLoss()"


class TestFunctions:
    def test_a_keras_loss_is_computed_on_the_score_of_the_head(self):
        # Huber with δ = 0.3: δ·(|e| − δ/2) for e = 0.5, e²/2 for e = −0.25.
        loss = FunctionLoss(keras.losses.Huber(delta=0.3), head="angular")
        np.testing.assert_allclose(loss(LABELS, (LEFT, RIGHT)), (0.3 * 0.35 + 0.25**2 / 2) / 2, rtol=1e-5)

    def test_what_a_function_returns_for_each_pair_is_averaged(self):
        loss = FunctionLoss(lambda y_true, y_pred: tf.abs(y_true - y_pred), head="dot")
        np.testing.assert_allclose(loss(LABELS, (LEFT, RIGHT)), (1.0 + 0.5) / 2, rtol=1e-6)

    def test_a_number_for_the_whole_batch_is_kept(self):
        loss = FunctionLoss(lambda y_true, y_pred: tf.reduce_max(tf.abs(y_true - y_pred)), head="dot")
        np.testing.assert_allclose(loss(LABELS, (LEFT, RIGHT)), 1.0, rtol=1e-6)

    def test_the_settings_name_the_function(self):
        def absolute_error(y_true, y_pred):
            return tf.abs(y_true - y_pred)

        assert FunctionLoss(absolute_error).get_config() == {"function": "absolute_error", "head": "angular"}
        assert FunctionLoss(keras.losses.Huber(), "dot").get_config() == {"function": "huber_loss", "head": "dot"}

    def test_a_keras_loss_trains_an_encoder(self, tiny_encoder, tiny_pairs):
        history = fit(Siamese(tiny_encoder), tiny_pairs, loss=keras.losses.Huber(), epochs=3, learning_rate=0.03)
        assert history.history["loss"][-1] < 0.8 * history.history["loss"][0]
