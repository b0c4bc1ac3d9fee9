import math

import numpy as np
import pytest
import tensorflow as tf

from tfsiamese.encoders.transformer.activations import ACTIVATIONS, get_activation
from tfsiamese.errors import EncoderError

POINTS = [-6.0, -1.5, -0.25, 0.0, 0.5, 1.0, 3.0]


def _value_and_gradient(name: str, points: list[float] = POINTS) -> tuple[np.ndarray, np.ndarray]:
    inputs = tf.constant(points)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = get_activation(name)(inputs)
    return outputs.numpy(), tape.gradient(outputs, inputs).numpy()


def _gelu(x: float) -> float:
    return x * 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def _gelu_slope(x: float) -> float:
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0))) + x * math.exp(-x * x / 2.0) / math.sqrt(2.0 * math.pi)


def _tanh_gelu(x: float) -> float:
    return 0.5 * x * (1.0 + math.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))


def test_gelu_is_the_exact_one():
    values, slopes = _value_and_gradient("gelu")
    np.testing.assert_allclose(values, [_gelu(x) for x in POINTS], atol=2e-6)
    np.testing.assert_allclose(slopes, [_gelu_slope(x) for x in POINTS], atol=2e-6)
    assert values[5] == pytest.approx(0.8413447, abs=1e-6), "Φ(1)"


def test_the_gradient_of_gelu_is_that_of_its_formula_under_an_upstream_gradient():
    inputs = tf.random.stateless_normal([5, 7], [1, 2]) * 2.0
    upstream = tf.random.stateless_normal([5, 7], [3, 4])
    gradients = []
    for function in (get_activation("gelu"), lambda x: 0.5 * x * (1.0 + tf.math.erf(x / math.sqrt(2.0)))):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = function(inputs)
        gradients.append(tape.gradient(outputs, inputs, output_gradients=upstream))
    np.testing.assert_allclose(*gradients, atol=1e-6)


@pytest.mark.parametrize("name", ["gelu_new", "gelu_pytorch_tanh"])
def test_the_approximate_gelus_have_a_tanh(name):
    values, _ = _value_and_gradient(name)
    np.testing.assert_allclose(values, [_tanh_gelu(x) for x in POINTS], atol=1e-6)
    assert abs(values[0] - _gelu(POINTS[0])) < 1e-4 < np.abs(values - [_gelu(x) for x in POINTS]).max()


@pytest.mark.parametrize("name", ["silu", "swish"])
def test_silu_is_the_input_times_its_sigmoid(name):
    values, _ = _value_and_gradient(name)
    np.testing.assert_allclose(values, [x / (1.0 + math.exp(-x)) for x in POINTS], atol=1e-6)


def test_relu_cuts_below_zero():
    values, slopes = _value_and_gradient("relu")
    assert values.tolist() == [0, 0, 0, 0, 0.5, 1, 3]
    assert slopes.tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_an_unknown_activation_is_answered_with_the_known_ones():
    with pytest.raises(EncoderError, match=r"activation 'mish' is not supported\. Expected one of gelu, gelu_p"):
        get_activation("mish")


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_far_inputs_stay_finite(name):
    values, slopes = _value_and_gradient(name, [-1e4, 1e4])
    np.testing.assert_allclose(values, [0.0, 1e4], atol=1e-6)
    np.testing.assert_allclose(slopes, [0.0, 1.0], atol=1e-6)
