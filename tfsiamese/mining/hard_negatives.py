"""Negatives for rows of an anchor and a positive: texts that look right and are not."""

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from tfsiamese.errors import SettingsError
from tfsiamese.mining.candidates import Ranking, ranking
from tfsiamese.mining.filtering import lowest_by_anchor, passes_filters
from tfsiamese.mining.mined import MinedNegatives
from tfsiamese.mining.sampling import sample_negatives
from tfsiamese.mining.settings import MiningSettings
from tfsiamese.mining.task import MiningTask, mining_task, required_triplets
from tfsiamese.mining.teacher import Teacher
from tfsiamese.pairs import Examples, Triplets
from tfsiamese.pairs.seeding import generator
from tfsiamese.search.prompts import retrieval_prompts
from tfsiamese.search.selection import TopK
from tfsiamese.search.text_vectors import TextEncoder

__all__ = ["mine_hard_negatives"]

logger = logging.getLogger(__name__)

_DEFAULT_SETTINGS = MiningSettings()


def mine_hard_negatives(
    examples: Examples,
    encoder: TextEncoder | None = None,
    *,
    corpus: Sequence[str] | None = None,
    settings: MiningSettings = _DEFAULT_SETTINGS,
    batch_size: int = 64,
    show_progress: bool = False,
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
) -> MinedNegatives:
    """Finds negatives for each distinct anchor; all of its rows get the same ones.

    Known positives never become negatives: the positives of all rows with this anchor, the anchors of which it is a
    positive, the same text, and where there are groups all texts of the anchor's groups. Negatives that the examples
    have already are replaced.

    Args:
        examples: `Triplets`: rows of an anchor and a positive, with or without groups.
        encoder: has `encode(texts, batch_size=…, show_progress=…)`; `TextVectors` holds vectors that are there already.
            Needed for the method "dense" and for filters with "random". With "bm25" and "random" it is a teacher,
            whose cosines the filters look at. Each distinct text is encoded once.
        corpus: texts that may become negatives; by default the distinct positives.
        settings: the method, how many, and which to leave out.
        batch_size: texts that the encoder takes at once.
        show_progress: passed on to the encoder.
        query_prompt: what stands before each anchor when it is encoded: the name of one of the encoder's prompts, or a
            text; "" for nothing. By default its prompt "query", if it has one. What is returned holds no prompts.
        passage_prompt: the same for positives and corpus; by default its prompt "passage", "document" or "corpus".

    Returns:
        The rows with their negatives, and how many anchors got too few, which is logged as well.

    Raises:
        DataError: the examples are scored pairs or classes, or there are none; or the corpus is not a list of texts, or
            holds none.
        DependencyError: the method is "bm25", and bm25s is not installed.
        EncoderError: the encoder's answer is not one finite vector for each text.
        SettingsError: the method, a filter or a prompt needs an encoder, or the encoder has no such prompt.

    Example:
        >>> mined = mine_hard_negatives(examples, encoder, settings=MiningSettings(relative_margin=0.05))
        >>> mined.triplets
        <Triplets: 1,000 rows from titles.csv, 3,000 negatives (3 in a row), a teacher's scores>

    Reference: Xiong et al., "Approximate Nearest Neighbor Negative Contrastive Learning for Dense Text Retrieval",
    arXiv:2007.00808; Karpukhin et al., "Dense Passage Retrieval", arXiv:2004.04906, for negatives by BM25.
    """
    _require_scores(settings, encoder)
    rows = required_triplets(examples)
    task = mining_task(rows, corpus)
    prompts = retrieval_prompts(encoder, query_prompt, passage_prompt)
    teacher = None if encoder is None else Teacher(task, encoder, batch_size, show_progress, prompts)
    ranked = ranking(task, teacher, settings)
    negatives = _negatives(task, ranked, settings)
    mined = _mined(rows, task, negatives, None if teacher is None else ranked.positive_scores, settings)
    logger.info("%s: %s.", rows.source, mined.report())
    return mined


def _require_scores(settings: MiningSettings, encoder: TextEncoder | None) -> None:
    if encoder is not None:
        return
    if settings.method == "dense":
        raise SettingsError(
            'The method "dense" needs an encoder. Give one, or take the method "bm25" or "random", which need none.'
        )
    if settings.method == "random" and settings.has_filter:
        raise SettingsError(
            'Scores and margins need an encoder with the method "random". Give one, or leave out max_score, min_score, '
            "absolute_margin and relative_margin."
        )


def _negatives(task: MiningTask, ranked: Ranking, settings: MiningSettings) -> TopK:
    """Positions and scores of the negatives of each anchor, [anchors, at most num_negatives]."""
    random = generator(settings.seed, "negatives out of candidates")
    lowest = None
    if ranked.positive_scores is not None:
        lowest = lowest_by_anchor(ranked.positive_scores, task.row_anchors, len(task.anchors))
    parts = []
    for anchors, candidates in ranked.parts:
        passes = passes_filters(candidates.scores, None if lowest is None else lowest[anchors], settings)
        parts.append(sample_negatives(candidates, passes, settings, random))
    return TopK(np.concatenate([part.scores for part in parts]), np.concatenate([part.indices for part in parts]))


def _mined(
    examples: Triplets,
    task: MiningTask,
    negatives: TopK,
    positive_scores: np.ndarray | None,
    settings: MiningSettings,
) -> MinedNegatives:
    found = [[index for index in indices if index >= 0] for indices in negatives.indices.tolist()]
    counts = np.array([len(indices) for indices in found])
    texts = [tuple(task.texts[index] for index in indices) for indices in found]
    columns: dict[str, list] = {
        "anchor": examples.anchors,
        "positive": examples.positives,
        "negatives": [texts[anchor] for anchor in task.row_anchors],
    }
    if positive_scores is not None:
        scores = [tuple(row[:count]) for row, count in zip(negatives.scores.tolist(), counts, strict=True)]
        of_rows = zip(positive_scores.tolist(), task.row_anchors, strict=True)
        columns["scores"] = [(score, *scores[anchor]) for score, anchor in of_rows]
    if examples.groups is not None:
        columns["group"] = examples.groups
    return MinedNegatives(
        triplets=Triplets.from_frame(pd.DataFrame(columns), source=examples.source),
        num_anchors=len(task.anchors),
        num_short=int((counts < settings.num_negatives).sum()),
        num_without=int((counts == 0).sum()),
    )
