"""What `train` leaves for the eye: plots of a run, and the table of its metrics."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras
import numpy as np

from tfsiamese import plots, similarity
from tfsiamese.encoders import Encoder
from tfsiamese.errors import DataError
from tfsiamese.evaluation.pair_vectors import encode_pairs
from tfsiamese.pairs import Pairs, read_texts
from tfsiamese.search import Prompts
from tfsiamese.siamese import Siamese

__all__ = ["RunReport", "metrics_table", "read_labels", "similarity_matrix"]

# Of a ranking's metrics at many ranks these are shown; the others are in metrics.json.
_SHOWN_RANKINGS = ("ndcg@10", "mrr@10", "map@100", "recall@100", "accuracy@1")

_NO_PROMPTS = Prompts()

_NUM_LABELS = 12
_LONGEST_LABEL = 48


class RunReport:
    """Encodes with the encoder as it was before training, and plots before beside after.

    Args:
        model: the siamese model, not trained yet.
        texts: some of these are the texts of the similarity matrices, where no file of labels is given.
        pairs: the pairs of the score scatter; None leaves it out.
        labels: a file of texts for the similarity matrices.
        prompts: of the left and the right texts of the pairs.
    """

    def __init__(
        self,
        model: Siamese,
        texts: Sequence[str],
        pairs: Pairs | None,
        labels: str | None = None,
        prompts: Prompts = _NO_PROMPTS,
    ):
        self._model = model
        self._prompts = prompts
        self._pairs = pairs
        self._labels = read_labels(labels) if labels else _choose_labels(texts)
        self._matrix = similarity_matrix(model.encoder, self._labels, model.head)
        self._scores = self._predict(pairs) if pairs is not None else None

    def write(self, histories: Sequence[keras.callbacks.History], folder: Path) -> list[Path]:
        """Writes the similarity matrices, the training curves and the score scatter; returns their paths.

        Args:
            histories: of each stage, in their order.
            folder: made where it does not exist.
        """
        after = similarity_matrix(self._model.encoder, self._labels, self._model.head)
        curves, best_epoch = _joined(histories)
        figures = {
            "similarity_matrix.png": plots.plot_similarity_matrices(self._matrix, after, self._labels),
            "training_curves.png": plots.plot_training_curves(curves, best_epoch=best_epoch),
        }
        if self._pairs is not None and len(self._pairs) > 1:
            after_scores = self._predict(self._pairs)
            scatter = plots.plot_score_scatter(self._pairs.scores, after_scores, before=self._scores)
            figures["score_scatter.png"] = scatter
        return [plots.save_figure(figure, folder / name) for name, figure in figures.items()]

    def _predict(self, pairs: Pairs) -> np.ndarray:
        vectors = encode_pairs(self._model.encoder, pairs.left, pairs.right, prompts=self._prompts)
        return similarity.get(self._model.head)(vectors.left, vectors.right).numpy()


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
    shown = {name: value for name, value in before.items() if name in after and _is_shown(name)}
    width = max((len(name) for name in shown), default=0)
    lines = [f"{'':{width}}  {'before':>9}  {'after':>9}  {'change':>9}"]
    for name, value in shown.items():
        lines.append(f"{name:{width}}  {value:9.4f}  {after[name]:9.4f}  {after[name] - value:+9.4f}")
    return "\n".join(lines)


def _choose_labels(texts: Sequence[str]) -> list[str]:
    """Texts that are short enough for a matrix, taken evenly from all of them."""
    short = [text for text in texts if len(text) <= _LONGEST_LABEL] or texts
    positions = np.unique(np.linspace(0, len(short) - 1, min(_NUM_LABELS, len(short))).round().astype(int))
    return [short[position] for position in positions]


def _is_shown(name: str, *hidden: str) -> bool:
    return name not in hidden and ("@" not in name or name.endswith(_SHOWN_RANKINGS))


def _joined(histories: Sequence[keras.callbacks.History]) -> tuple[dict[str, list[float]], int | None]:
    """The curves of all stages one after the other, and the best epoch of the last."""
    names = dict.fromkeys(name for history in histories for name in history.history if _is_shown(name, "seconds"))
    curves = {
        name: [value for history in histories for value in history.history.get(name, [math.nan] * len(history.epoch))]
        for name in names
    }
    best = histories[-1].best_epoch
    return curves, best and best + sum(len(history.epoch) for history in histories[:-1])
