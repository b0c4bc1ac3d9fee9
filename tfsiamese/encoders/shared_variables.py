"""Keras variables that share the storage of TensorFlow's."""

import keras
import tensorflow as tf

from tfsiamese.encoders.restored import name_of
from tfsiamese.errors import EncoderError

__all__ = ["share_variable"]


def share_variable(variable: tf.Variable, trainable: bool) -> keras.Variable:
    """A Keras variable with the storage of a TensorFlow variable."""
    name = name_of(variable).replace("/", ".")
    shared = keras.Variable(variable, trainable=trainable, autocast=False, name=name)
    if shared.value is not variable:
        raise EncoderError("This version of Keras copies variables; tfsiamese needs keras>=3.12,<3.16.")
    return shared
