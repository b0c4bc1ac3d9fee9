"""From the vectors of tokens to one vector for each text."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfsiamese.encoders.transformer.flat_tokens import FlatTokens
from tfsiamese.errors import EncoderError

__all__ = ["Pooling", "read_pooling_modes"]

# In the order in which sentence-transformers puts several side by side.
_LEGACY_NAMES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}


def read_pooling_modes(config: dict[str, Any]) -> tuple[str, ...]:
    """The modes that a pooling configuration names, in the older or the newer way.

    Raises:
        EncoderError: a mode is not known.
    """
    modes = config.get("pooling_mode")
    if modes is None:
        modes = [mode for key, mode in _LEGACY_NAMES.items() if config.get(key)] or ["mean"]
    modes = tuple(modes) if isinstance(modes, (list, tuple)) else (modes,)
    unknown = [mode for mode in modes if not isinstance(mode, str) or mode not in _POOLINGS]
    if unknown or not modes:
        raise EncoderError(f"The pooling mode {unknown or modes!r} is not known. Expected {', '.join(_POOLINGS)}.")
    return modes


class Pooling:
    """Pools the tokens of each text; several modes stand side by side in the vector.

    Args:
        modes: names as sentence-transformers has them: "cls", "mean", "max", "mean_sqrt_len_tokens", "weightedmean"
            (token n weighs n) and "lasttoken".
    """

    def __init__(self, modes: tuple[str, ...]):
        self.modes = modes

    def __call__(self, states: tf.Tensor, tokens: FlatTokens, skipped: int = 0) -> tf.Tensor:
        """Pools.

        Args:
            states: float32 [tokens, width].
            tokens: where they are.
            skipped: how many tokens at the beginning of each text do not count, those of a prompt.

        Returns:
            float32 [batch, width · modes].
        """
        counts = tf.cast(tokens.positions >= skipped, tf.float32)[:, tf.newaxis]
        return tf.concat([_POOLINGS[mode](states, tokens, counts, skipped) for mode in self.modes], axis=-1)


def _first(states: tf.Tensor, tokens: FlatTokens, counts: tf.Tensor, skipped: int) -> tf.Tensor:
    first = tf.where(tokens.lengths > skipped, skipped, 0)
    return tf.gather(states, tokens.start_of_row() + first)


def _last(states: tf.Tensor, tokens: FlatTokens, counts: tf.Tensor, skipped: int) -> tf.Tensor:
    return tf.gather(states, tf.cumsum(tokens.lengths) - 1)


def _maximum(states: tf.Tensor, tokens: FlatTokens, counts: tf.Tensor, skipped: int) -> tf.Tensor:
    return tf.math.segment_max(tf.where(counts > 0, states, states.dtype.min), tokens.rows)


def _mean(states: tf.Tensor, tokens: FlatTokens, counts: tf.Tensor, skipped: int) -> tf.Tensor:
    return _weighted_sum(states, tokens, counts) / _weight_of_row(tokens, counts)


def _mean_by_root(states: tf.Tensor, tokens: FlatTokens, counts: tf.Tensor, skipped: int) -> tf.Tensor:
    return _weighted_sum(states, tokens, counts) / tf.sqrt(_weight_of_row(tokens, counts))


def _mean_by_position(states: tf.Tensor, tokens: FlatTokens, counts: tf.Tensor, skipped: int) -> tf.Tensor:
    weights = counts * tf.cast(tokens.positions + 1, tf.float32)[:, tf.newaxis]
    return _weighted_sum(states, tokens, weights) / _weight_of_row(tokens, weights)


def _weighted_sum(states: tf.Tensor, tokens: FlatTokens, weights: tf.Tensor) -> tf.Tensor:
    return tf.math.segment_sum(states * weights, tokens.rows)


def _weight_of_row(tokens: FlatTokens, weights: tf.Tensor) -> tf.Tensor:
    return tf.maximum(tf.math.segment_sum(weights, tokens.rows), 1e-9)


_POOLINGS: dict[str, Callable[[tf.Tensor, FlatTokens, tf.Tensor, int], tf.Tensor]] = {
    "cls": _first,
    "max": _maximum,
    "mean": _mean,
    "mean_sqrt_len_tokens": _mean_by_root,
    "weightedmean": _mean_by_position,
    "lasttoken": _last,
}
