"""How near a head's similarity comes to the scores of labelled pairs."""

import logging
import os

import numpy as np

from tfsiamese.errors import DataError
from tfsiamese.evaluation.binary_metrics import average_precision, best_accuracy, best_f1, best_mcc
from tfsiamese.evaluation.correlations import is_constant, pearson, spearman
from tfsiamese.evaluation.pair_vectors import TextEncoder, checked_head, encode_pairs
from tfsiamese.pairs import Pairs, read_pairs
from tfsiamese.search.prompts import chosen_prompts

__all__ = ["evaluate_pairs", "pair_metric_names", "pair_metrics"]

logger = logging.getLogger(__name__)

_ERRORS = ("mae", "mse")
_CORRELATIONS = ("pearson", "spearman")
_BINARY = (
    "accuracy",
    "accuracy_threshold",
    "f1",
    "f1_threshold",
    "precision",
    "recall",
    "average_precision",
    "mcc",
    "mcc_threshold",
)


def evaluate_pairs(
    encoder: TextEncoder,
    pairs: Pairs | str | os.PathLike[str],
    *,
    head: str = "angular",
    batch_size: int = 64,
    show_progress: bool = False,
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
) -> dict[str, float]:
    """Compares the similarity that `head` gives each pair with the pair's score.

    The labels alone decide which keys there are, so that they are the same before and after training:

    - `mae`, `mse`: mean absolute and mean squared difference. Always.
    - `pearson`, `spearman`: the correlations. Where the scores are not all the same. Similarities that are all the
      same, as those of a collapsed encoder, have correlation 0, with a warning.
    - `accuracy`, `accuracy_threshold`, `f1`, `f1_threshold`, `precision`, `recall` (these two at `f1_threshold`),
      `average_precision`, `mcc` (Matthews correlation), `mcc_threshold`: where all scores are 0 or 1, and both occur.
      Thresholds are similarities, and the best there are on these pairs.

    Args:
        encoder: has `encode`, as `load_encoder` gives it.
        pairs: labelled pairs, scores from 0 to 1, or the path of a file that `read_pairs` reads.
        head: "angular", "cosine" or "dot".
        batch_size: texts that the encoder takes at once. Each distinct text is encoded once.
        show_progress: passed on to the encoder.
        query_prompt: what stands before each left text: the name of one of the encoder's prompts, or a text; "" for
            nothing. By default what the encoder puts before every text.
        passage_prompt: the same for the right texts.

    Raises:
        DataError: there are no pairs, or the file of pairs cannot be used.
        EncoderError: the encoder gave vectors that are not finite.
        SettingsError: the head is unknown, or a prompt cannot be used.
    """
    checked_head(head)
    if isinstance(pairs, str | os.PathLike):
        pairs = read_pairs(pairs)
    prompts = chosen_prompts(encoder, query_prompt, passage_prompt)
    vectors = encode_pairs(
        encoder, pairs.left, pairs.right, batch_size=batch_size, show_progress=show_progress, prompts=prompts
    )
    return pair_metrics(vectors.similarity(head), pairs.scores)


def pair_metrics(similarities: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """The metrics of `evaluate_pairs` for similarities, float [n], and scores, float [n] from 0 to 1."""
    names = pair_metric_names(scores)
    difference = np.asarray(similarities, np.float64) - np.asarray(scores, np.float64)
    metrics = {"mae": float(np.mean(np.abs(difference))), "mse": float(np.mean(np.square(difference)))}
    if "pearson" in names:
        metrics |= _correlations(similarities, scores)
    if "accuracy" in names:
        metrics |= _binary_metrics(similarities, scores)
    return metrics


def pair_metric_names(scores: np.ndarray) -> tuple[str, ...]:
    """The keys that `evaluate_pairs` gives for these scores, float [n].

    Raises:
        DataError: there are no scores.
    """
    scores = np.asarray(scores)
    if len(scores) == 0:
        raise DataError("There are no pairs to evaluate on. Expected at least one.")
    if is_constant(scores):
        return _ERRORS
    if np.isin(scores, (0.0, 1.0)).all():
        return _ERRORS + _CORRELATIONS + _BINARY
    return _ERRORS + _CORRELATIONS


def _correlations(similarities: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    if is_constant(similarities):
        logger.warning("All %d similarities are the same: their correlation counts as 0.", len(similarities))
        return dict.fromkeys(_CORRELATIONS, 0.0)
    return {"pearson": pearson(similarities, scores), "spearman": spearman(similarities, scores)}


def _binary_metrics(similarities: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    accuracy, f1 = best_accuracy(similarities, labels), best_f1(similarities, labels)
    mcc = best_mcc(similarities, labels)
    return {
        "accuracy": accuracy.accuracy,
        "accuracy_threshold": accuracy.threshold,
        "f1": f1.f1,
        "f1_threshold": f1.threshold,
        "precision": f1.precision,
        "recall": f1.recall,
        "average_precision": average_precision(similarities, labels),
        "mcc": mcc.mcc,
        "mcc_threshold": mcc.threshold,
    }
