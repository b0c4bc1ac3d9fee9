"""Semantic textual similarity: how well the similarity of vectors follows human judgement.

Reference: Cer et al., "SemEval-2017 Task 1: Semantic Textual Similarity", arXiv:1708.00055.
"""

import contextlib
import csv
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tfsiamese.errors import DataError
from tfsiamese.evaluation.correlations import is_constant, pearson, spearman
from tfsiamese.evaluation.pair_vectors import TextEncoder, encode_pairs
from tfsiamese.pairs import Pairs, read_pairs
from tfsiamese.search.prompts import chosen_prompts

__all__ = ["STS_METRIC_NAMES", "StsSource", "evaluate_sts", "load_sts", "read_sts"]

StsSource = Pairs | str | os.PathLike[str] | Sequence[Pairs | str | os.PathLike[str]]

STS_METRIC_NAMES = ("pearson_cosine", "spearman_cosine", "pearson_angular", "spearman_angular", "pairs")

_STS_RANGE = (0.0, 5.0)
_UNIT_RANGE = (0.0, 1.0)
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_STS_COLUMNS = ["sentence1", "sentence2", "score"]


def evaluate_sts(
    encoder: TextEncoder,
    source: StsSource,
    *,
    batch_size: int = 64,
    score_range: tuple[float, float] | None = None,
    show_progress: bool = False,
    prompt: str | None = None,
) -> dict[str, float]:
    """The correlation of an encoder's similarities with human scores.

    Angular similarity is a falling function of the angle where cosine is its cosine: both rank the pairs alike, so
    that their Spearman correlations differ at most by rounding.

    Args:
        encoder: has `encode`, as `load_encoder` gives it.
        source: a file as `read_sts` reads it, `Pairs`, or a list of them. A list is pooled into one set of pairs (the
            "all" setting of SimCSE, arXiv:2104.08821, appendix B); for one result a file, call once a file.
        batch_size: texts that the encoder takes at once. Each distinct text is encoded once.
        score_range: the lowest and highest score a file can hold; see `read_sts`.
        show_progress: passed on to the encoder.
        prompt: what stands before every text: the name of one of the encoder's prompts, or a text; "" for nothing. By
            default what the encoder puts before every text.

    Returns:
        `pearson_cosine`, `spearman_cosine`, `pearson_angular`, `spearman_angular`, from −1 to 1, and `pairs`, how many
        there were (an int).

    Raises:
        DataError: a file cannot be used, there are fewer than two pairs, or all scores or all similarities are the
            same, so that no correlation is defined.
        EncoderError: the encoder gave vectors that are not finite.
        SettingsError: the encoder has no such prompt, or takes none.

    Example:
        >>> evaluate_sts(load_encoder("use-multilingual"), "stsb-en-dev.csv")["pearson_cosine"]
        0.8343
    """
    several = load_sts(source, score_range=score_range)
    left = [text for pairs in several for text in pairs.left]
    right = [text for pairs in several for text in pairs.right]
    scores = np.concatenate([pairs.scores for pairs in several])
    prompts = chosen_prompts(encoder, prompt, prompt)
    vectors = encode_pairs(encoder, left, right, batch_size=batch_size, show_progress=show_progress, prompts=prompts)
    metrics: dict[str, float] = {}
    for head in ("cosine", "angular"):
        similarities = vectors.similarity(head)
        metrics[f"pearson_{head}"] = pearson(similarities, scores)
        metrics[f"spearman_{head}"] = spearman(similarities, scores)
    return metrics | {"pairs": len(scores)}


def read_sts(path: str | os.PathLike[str], *, score_range: tuple[float, float] | None = None) -> Pairs:
    """Reads STS pairs, with or without a header.

    A text file without a header, as STS-B is given, has three columns: sentence1, sentence2, score. It is known by the
    third field of its first row, a number. Any other file must have one of the headers that `read_pairs` knows.

    Args:
        path: CSV, TSV, or whatever else `read_pairs` reads.
        score_range: the lowest and highest score the file can hold, which become 0 and 1. By default 0 to 1 where every
            score lies there, and otherwise 0 to 5, the scale of STS. Correlations don't depend on it.

    Raises:
        DataError: the file cannot be read or used; a score is out of range.
    """
    columns = _STS_COLUMNS if _has_no_header(Path(path)) else None
    if score_range is not None:
        return read_pairs(path, score_range=score_range, columns=columns)
    with contextlib.suppress(DataError):
        return read_pairs(path, score_range=_UNIT_RANGE, columns=columns)
    return read_pairs(path, score_range=_STS_RANGE, columns=columns)


def load_sts(source: StsSource, *, score_range: tuple[float, float] | None = None) -> list[Pairs]:
    """Reads what `evaluate_sts` takes as its source, and checks that correlations are defined on all of it together.

    Raises:
        DataError: a file cannot be used, there are fewer than two pairs, or all scores are the same.
    """
    sources = [source] if isinstance(source, Pairs | str | os.PathLike) else list(source)
    several = [one if isinstance(one, Pairs) else read_sts(one, score_range=score_range) for one in sources]
    num_pairs = sum(len(pairs) for pairs in several)
    where = ", ".join(str(pairs.source) for pairs in several) or "The list of sources"
    if num_pairs < 2:
        raise DataError(f"{where}: {num_pairs} pairs. Expected at least two, since a correlation needs two.")
    scores = np.concatenate([pairs.scores for pairs in several])
    if is_constant(scores):
        raise DataError(
            f"{where}: all {num_pairs} scores are the same ({scores[0]:g}, scaled to 0–1), so that no correlation is "
            "defined. Expected pairs with different scores."
        )
    return several


def _has_no_header(path: Path) -> bool:
    delimiter = _DELIMITERS.get(path.suffix.lower())
    if delimiter is None:
        return False
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = next(filter(None, csv.reader(file, delimiter=delimiter)), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return False  # read_pairs knows better what is wrong with it
    return len(first) == len(_STS_COLUMNS) and _is_number(first[2])


def _is_number(field: str) -> bool:
    try:
        return bool(np.isfinite(float(field)))
    except ValueError:
        return False
