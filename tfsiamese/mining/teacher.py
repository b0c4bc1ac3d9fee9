"""The encoder that says how similar an anchor and a text are."""

import numpy as np
from numpy.typing import NDArray

from tfsiamese.mining.task import MiningTask
from tfsiamese.search.prompts import Prompts
from tfsiamese.search.text_vectors import TextEncoder, encode_sides
from tfsiamese.search.vectors import unit_rows

__all__ = ["Teacher"]

_MOST_NUMBERS = 2**24
_NO_PROMPTS = Prompts()


class Teacher:
    """Vectors of length 1 of the anchors and texts of a task; each distinct text is encoded once with each prompt.

    `prompts.query` stands before the anchors, `prompts.passage` before the texts.

    Attributes:
        anchors: float32 [anchors, dimension].
        texts: float32 [texts, dimension].

    Raises:
        EncoderError: the encoder's answer is not one finite vector for each text.
    """

    def __init__(
        self,
        task: MiningTask,
        encoder: TextEncoder,
        batch_size: int,
        show_progress: bool,
        prompts: Prompts = _NO_PROMPTS,
    ):
        anchors, texts = encode_sides(
            encoder, task.anchors, task.texts, prompts, batch_size=batch_size, show_progress=show_progress
        )
        self.texts = unit_rows(texts.vectors[: len(task.texts)])
        self.anchors = unit_rows(anchors.of(task.anchors))

    def scores(self, anchors: NDArray[np.int64], texts: NDArray[np.int64]) -> NDArray[np.float32]:
        """The cosines of anchors [n] and texts [n, candidates], float32 [n, candidates]; −inf for a position of −1."""
        cosines = np.empty(texts.shape, np.float32)
        at_once = max(1, _MOST_NUMBERS // max(1, texts.shape[1] * self.texts.shape[1]))
        for start in range(0, len(anchors), at_once):
            part = slice(start, start + at_once)
            products = np.einsum("nd,ncd->nc", self.anchors[anchors[part]], self.texts[texts[part]])
            cosines[part] = np.clip(products, -1.0, 1.0)
        cosines[texts < 0] = -np.inf
        return cosines
