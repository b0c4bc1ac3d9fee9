import numpy as np
import pytest
import tensorflow as tf

from tfsiamese.encoders.checkpoint.pooling import Pooling, read_pooling_modes
from tfsiamese.encoders.transformer.flat_tokens import FlatTokens
from tfsiamese.errors import EncoderError

TOKENS = FlatTokens.from_ragged(tf.ragged.constant([[1, 1, 1, 1], [1]], tf.int32))
STATES = tf.constant([[1.0, 8.0], [2.0, -4.0], [3.0, 0.0], [6.0, 0.0], [5.0, -7.0]])


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("cls", [[1, 8], [5, -7]]),
        ("lasttoken", [[6, 0], [5, -7]]),
        ("max", [[6, 8], [5, -7]]),
        ("mean", [[3, 1], [5, -7]]),
        ("mean_sqrt_len_tokens", [[6, 2], [5, -7]]),
        # (1·1 + 2·2 + 3·3 + 4·6) / 10 and (8 - 8) / 10
        ("weightedmean", [[3.8, 0], [5, -7]]),
    ],
)
def test_tokens_are_pooled(mode, expected):
    np.testing.assert_allclose(Pooling((mode,))(STATES, TOKENS), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("cls", [2, -4]),
        ("lasttoken", [6, 0]),
        ("max", [6, 0]),
        ("mean", [11 / 3, -4 / 3]),
        ("mean_sqrt_len_tokens", [11 / np.sqrt(3), -4 / np.sqrt(3)]),
        # (2·2 + 3·3 + 4·6) / 9 and -8 / 9
        ("weightedmean", [37 / 9, -8 / 9]),
    ],
)
def test_the_tokens_of_a_prompt_can_be_left_out(mode, expected):
    np.testing.assert_allclose(Pooling((mode,))(STATES, TOKENS, skipped=1)[0], expected, atol=1e-6)


def test_several_modes_stand_side_by_side():
    pooled = Pooling(("mean", "max"))(STATES, TOKENS)
    np.testing.assert_allclose(pooled, [[3, 1, 6, 8], [5, -7, 5, -7]], atol=1e-6)


@pytest.mark.parametrize("mode", ["cls", "lasttoken", "max", "mean", "mean_sqrt_len_tokens", "weightedmean"])
def test_a_text_of_which_nothing_is_left_keeps_finite_numbers(mode):
    assert np.isfinite(Pooling((mode,))(STATES, TOKENS, skipped=2)).all()


def test_the_gradient_of_the_maximum_goes_to_the_largest():
    with tf.GradientTape() as tape:
        tape.watch(STATES)
        pooled = Pooling(("max",))(STATES, TOKENS)
    gradient = tf.convert_to_tensor(tape.gradient(pooled, STATES)).numpy()
    assert gradient.tolist() == [[0, 1], [0, 0], [0, 0], [1, 0], [1, 1]]


@pytest.mark.parametrize(
    ("config", "modes"),
    [
        ({"pooling_mode": "cls"}, ("cls",)),
        ({"pooling_mode": ["mean", "max"]}, ("mean", "max")),
        ({"pooling_mode_cls_token": False, "pooling_mode_lasttoken": True}, ("lasttoken",)),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}, ("cls", "mean")),
        ({"pooling_mode_weightedmean_tokens": True}, ("weightedmean",)),
        ({"pooling_mode_mean_sqrt_len_tokens": True, "pooling_mode_max_tokens": True}, ("max", "mean_sqrt_len_tokens")),
        ({"pooling_mode_mean_tokens": False}, ("mean",)),
        ({}, ("mean",)),
        ({"pooling_mode": "max", "pooling_mode_cls_token": True}, ("max",)),
    ],
)
def test_modes_are_read_in_the_older_and_the_newer_way(config, modes):
    assert read_pooling_modes(config | {"word_embedding_dimension": 8}) == modes


@pytest.mark.parametrize("mode", ["attention", 3, [3], [["mean"]], ["mean", "attention"], {}])
def test_an_unknown_mode_is_answered_with_the_known_ones(mode):
    with pytest.raises(EncoderError, match=r"The pooling mode .* is not known\. Expected cls, max, mean, mean_sqrt"):
        read_pooling_modes({"pooling_mode": mode})


def test_no_mode_at_all_is_refused():
    with pytest.raises(EncoderError, match="is not known"):
        read_pooling_modes({"pooling_mode": []})
