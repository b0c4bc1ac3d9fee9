"""What `train` leaves for the eye: plots of a run, and the table of its metrics."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np

from tfsiamese import plots, similarity
from tfsiamese.encoders import Encoder
from tfsiamese.errors import DataError
from tfsiamese.pairs import Pairs, read_texts
from tfsiamese.siamese import Siamese

__all__ = ["RunReport", "metrics_table", "read_labels", "similarity_matrix"]

_NUM_LABELS = 12
_LONGEST_LABEL = 48


class RunReport:
    """Encodes with the encoder as it was before training, and plots before beside after.

    Args:
        model: the siamese model, not trained yet.
        pairs: the pairs of the score scatter.
        labels: the file of the similarity matrices' texts; some of the pairs' texts by default.
    """

    def __init__(self, model: Siamese, pairs: Pairs, labels: str | None = None):
        self._model = model
        self._pairs = pairs
        self._labels = read_labels(labels) if labels else _choose_labels(pairs)
        self._matrix = similarity_matrix(model.encoder, self._labels, model.head)
        self._scores = self._predict()

    def write(self, history: keras.callbacks.History, folder: Path) -> list[Path]:
        """Writes the similarity matrices, the training curves and the score scatter; returns their paths."""
        after = similarity_matrix(self._model.encoder, self._labels, self._model.head)
        curves = {name: values for name, values in history.history.items() if name != "seconds"}
        figures = {
            "similarity_matrix.png": plots.plot_similarity_matrices(self._matrix, after, self._labels),
            "training_curves.png": plots.plot_training_curves(curves, best_epoch=history.best_epoch),
        }
        if len(self._pairs) > 1:
            scatter = plots.plot_score_scatter(self._pairs.scores, self._predict(), before=self._scores)
            figures["score_scatter.png"] = scatter
        return [plots.save_figure(figure, folder / name) for name, figure in figures.items()]

    def _predict(self) -> np.ndarray:
        vectors = self._model.encoder.encode([*self._pairs.left, *self._pairs.right])
        left, right = np.split(vectors, 2)
        return similarity.get(self._model.head)(left, right).numpy()


def read_labels(path: str) -> list[str]:
    """The texts of a matrix, one a line without blank ones; a DataError where there are too many."""
    labels = [text for text in read_texts(path) if text.strip()]
    if len(labels) > plots.MOST_LABELS:
        raise DataError(
            f"{path} holds {len(labels)} labels, and a matrix stays readable up to {plots.MOST_LABELS}. Choose some."
        )
    return labels


def similarity_matrix(encoder: Encoder, texts: Sequence[str], name: str = "angular") -> np.ndarray:
    """The similarities of texts among themselves, [n, n]."""
    vectors = encoder.encode(texts)
    return similarity.all_pairs(vectors, vectors, name).numpy()


def metrics_table(before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """A table of metrics before and after, aligned for a terminal."""
    width = max((len(name) for name in before), default=0)
    lines = [f"{'':{width}}  {'before':>9}  {'after':>9}  {'change':>9}"]
    for name, value in before.items():
        lines.append(f"{name:{width}}  {value:9.4f}  {after[name]:9.4f}  {after[name] - value:+9.4f}")
    return "\n".join(lines)


def _choose_labels(pairs: Pairs) -> list[str]:
    """Texts that are short enough for a matrix, taken evenly from all of them."""
    texts = pairs.texts()
    short = [text for text in texts if len(text) <= _LONGEST_LABEL] or texts
    positions = np.unique(np.linspace(0, len(short) - 1, min(_NUM_LABELS, len(short))).round().astype(int))
    return [short[position] for position in positions]
