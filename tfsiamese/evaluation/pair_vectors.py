"""Pairs of texts -> the vectors of both sides, each distinct text encoded once, and their similarity row by row.

This mirrors `tfsiamese.similarity` in NumPy and double precision, so that evaluation needs no TensorFlow of its own.
"""

from dataclasses import dataclass

import numpy as np

from tfsiamese.errors import SettingsError
from tfsiamese.search.prompts import Prompts
from tfsiamese.search.text_vectors import TextEncoder, encode_sides

__all__ = ["HEADS", "PairVectors", "TextEncoder", "angular_from_cosine", "checked_head", "encode_pairs"]

HEADS = ("angular", "cosine", "dot")

_NO_PROMPTS = Prompts()

# Cosines that are equal in truth differ by 1e-16 to 1e-13 here; rounded, they tie in ranks and under thresholds.
_DECIMALS = 12


@dataclass(frozen=True)
class PairVectors:
    """The vectors of both sides of some pairs, float32 [n, dimension] each; row i of both is pair i."""

    left: np.ndarray
    right: np.ndarray

    def similarity(self, head: str) -> np.ndarray:
        """The similarity of each pair, float64 [n].

        Args:
            head: "cosine" (−1 to 1; 0 where a vector is zero), "angular" (1 − arccos(cosine) / π, from 0 to 1) or
                "dot" (unbounded).

        Raises:
            SettingsError: the head is unknown.
        """
        if checked_head(head) == "dot":
            return _row_products(self.left, self.right)
        return angular_from_cosine(self._cosine()) if head == "angular" else self._cosine()

    def _cosine(self) -> np.ndarray:
        lengths = np.sqrt(_row_products(self.left, self.left) * _row_products(self.right, self.right))
        products = _row_products(self.left, self.right)
        cosine = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
        return np.round(cosine, _DECIMALS)


def checked_head(head: str) -> str:
    """Returns `head`, or raises a SettingsError where there is none of that name."""
    if head not in HEADS:
        raise SettingsError(f"Unknown head {head!r}. Expected one of {', '.join(HEADS)}.")
    return head


def angular_from_cosine(cosine: np.ndarray) -> np.ndarray:
    """`1 − arccos(clip(cosine, −1, 1)) / π`: 0 for opposite directions, 0.5 for orthogonal ones, 1 for the same.

    The head that is trained clips at ±0.99999, since arccos has no gradient at ±1, and so ends at 0.00142 and 0.99858;
    nothing is differentiated here, and equal vectors have 1.

    Reference: Cer et al., "Universal Sentence Encoder", arXiv:1803.11175, section 5.
    """
    return 1.0 - np.arccos(np.clip(cosine, -1.0, 1.0)) / np.pi


def encode_pairs(
    encoder: TextEncoder,
    left: list[str],
    right: list[str],
    *,
    batch_size: int = 64,
    show_progress: bool = False,
    prompts: Prompts = _NO_PROMPTS,
) -> PairVectors:
    """The vectors of both texts of each pair; a text that occurs several times, on either side, is encoded once.

    Args:
        encoder: has `encode(texts, batch_size=…, show_progress=…)`.
        left: texts [n].
        right: texts [n].
        batch_size: texts that the encoder takes at once.
        show_progress: passed on to the encoder.
        prompts: that of queries stands before the left texts, that of passages before the right ones.

    Raises:
        EncoderError: the encoder's answer is not one finite vector for each text.
    """
    of_left, of_right = encode_sides(encoder, left, right, prompts, batch_size=batch_size, show_progress=show_progress)
    return PairVectors(left=of_left.of(left), right=of_right.of(right))


def _row_products(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", left, right, dtype=np.float64)
