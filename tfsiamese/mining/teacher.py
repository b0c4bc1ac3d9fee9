"""The encoder that says how similar an anchor and a text are."""

import numpy as np
from numpy.typing import NDArray

from tfsiamese.mining.task import MiningTask
from tfsiamese.search.encoding import encode_texts
from tfsiamese.search.text_vectors import TextEncoder
from tfsiamese.search.vectors import unit_rows

__all__ = ["Teacher"]

_MOST_NUMBERS = 2**24


class Teacher:
    """Vectors of length 1 of the anchors and texts of a task; each distinct text is encoded once.

    Attributes:
        anchors: float32 [anchors, dimension].
        texts: float32 [texts, dimension].

    Raises:
        EncoderError: the encoder's answer is not one finite vector for each text.
    """

    def __init__(self, task: MiningTask, encoder: TextEncoder, batch_size: int, show_progress: bool):
        texts = list(dict.fromkeys([*task.texts, *task.anchors]))
        vectors = unit_rows(encode_texts(encoder, texts, batch_size=batch_size, show_progress=show_progress))
        rows = {text: row for row, text in enumerate(texts)}
        self.texts = vectors[: len(task.texts)]
        self.anchors = vectors[[rows[text] for text in task.anchors]]

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
