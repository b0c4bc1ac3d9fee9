"""Activation functions under the names that checkpoints' configurations give them."""

from collections.abc import Callable

import tensorflow as tf

from tfsiamese.errors import EncoderError

__all__ = ["ACTIVATIONS", "get_activation"]

_ROOT_OF_HALF = 0.7071067811865476
_INVERSE_ROOT_OF_TWO_PI = 0.3989422804014327

Activation = Callable[[tf.Tensor], tf.Tensor]


@tf.custom_gradient
def _exact_gelu(inputs: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """The input times its Φ, with the error function, keeping Φ for the gradient Φ(x) + x · φ(x)."""
    probability = 0.5 + 0.5 * tf.math.erf(inputs * _ROOT_OF_HALF)

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        density = _INVERSE_ROOT_OF_TWO_PI * tf.exp(-0.5 * tf.square(inputs))
        return upstream * (probability + inputs * density)

    return inputs * probability, gradient


def _plain_gelu(inputs: tf.Tensor) -> tf.Tensor:
    return tf.nn.gelu(inputs, approximate=False)


def _approximate_gelu(inputs: tf.Tensor) -> tf.Tensor:
    return tf.nn.gelu(inputs, approximate=True)


ACTIVATIONS: dict[str, Activation] = {
    "gelu": _exact_gelu,
    "gelu_python": _exact_gelu,
    "gelu_new": _approximate_gelu,
    "gelu_pytorch_tanh": _approximate_gelu,
    "relu": tf.nn.relu,
    "silu": tf.nn.silu,
    "swish": tf.nn.silu,
}


def get_activation(name: str, training: bool = True) -> Activation:
    """The activation of a name.

    Args:
        name: as in a config.json.
        training: whether it is to be quick with its gradient. Without, it is written so that TensorFlow computes it in
            one with the matrix product before it.

    Raises:
        EncoderError: there is none of that name.
    """
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise EncoderError(f"The activation {name!r} is not supported. Expected one of {', '.join(ACTIVATIONS)}.")
    return _plain_gelu if ACTIVATIONS[name] is _exact_gelu and not training else ACTIVATIONS[name]
