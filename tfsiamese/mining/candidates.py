"""Which texts of the corpus may become negatives of an anchor, the hardest first."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfsiamese.mining.known_positives import KnownPositives
from tfsiamese.mining.settings import MiningSettings
from tfsiamese.mining.task import MiningTask
from tfsiamese.mining.teacher import Teacher
from tfsiamese.mining.word_ranking import WordRanking
from tfsiamese.pairs.seeding import generator
from tfsiamese.search.selection import ScoreBlocks, TopK, select_in_parts
from tfsiamese.search.top_k import product_scores

__all__ = ["Ranking", "ranking"]

_MOST_NUMBERS = 2**24


@dataclass(frozen=True, eq=False)
class Ranking:
    """A ranking of the corpus for each anchor, and the scores that the filters look at.

    Attributes:
        parts: yields anchors, as a slice, with the positions and scores of their candidates, [anchors, window], known
            positives left out; where there are too few, −1 and −inf.
        positive_scores: the score of each row's positive, float32 [rows]; None where nothing asks for it.
    """

    parts: Iterator[tuple[slice, TopK]]
    positive_scores: NDArray[np.float32] | None


def ranking(task: MiningTask, teacher: Teacher | None, settings: MiningSettings) -> Ranking:
    """Ranks by the method of the settings; the scores are the teacher's where there is one."""
    if teacher is not None:
        rows = teacher.scores(task.row_anchors, task.row_positives[:, np.newaxis])[:, 0]
        if settings.method == "dense":
            blocks = product_scores(teacher.anchors, teacher.texts[: task.corpus_size])
            return Ranking(_selected(task, blocks, settings, limit=1.0), rows)
        blocks = _random_scores(settings.seed) if settings.method == "random" else _words(task).score_blocks
        return Ranking(_scored_by(teacher, _selected(task, blocks, settings)), rows)
    if settings.method == "random":
        return Ranking(_selected(task, _random_scores(settings.seed), settings), None)
    words = _words(task)
    positives = words.scores(task.row_anchors, task.row_positives) if settings.has_margin else None
    return Ranking(_selected(task, words.score_blocks, settings), positives)


def _words(task: MiningTask) -> WordRanking:
    return WordRanking(task.anchors, task.texts)


def _selected(
    task: MiningTask, blocks: ScoreBlocks, settings: MiningSettings, limit: float = np.inf
) -> Iterator[tuple[slice, TopK]]:
    shape = (len(task.anchors), task.corpus_size)
    # BM25 scores an anchor against all texts at once, so that a part of them is all of its memory.
    chunk = 1024 if settings.method != "bm25" else min(1024, max(1, _MOST_NUMBERS // len(task.texts)))
    return select_in_parts(_without(task.known, blocks), shape, settings.window, query_chunk=chunk, limit=limit)


def _without(known: KnownPositives, blocks: ScoreBlocks) -> ScoreBlocks:
    def score_blocks(rows: slice) -> Callable[[slice, NDArray[np.float32]], None]:
        score_all = blocks(rows)

        def score(columns: slice, out: NDArray[np.float32]) -> None:
            score_all(columns, out)
            known.strike_out(rows, columns, out)

        return score

    return score_blocks


def _random_scores(seed: int) -> ScoreBlocks:
    """Random numbers, so that the largest ones are a random choice in random order."""

    def score_blocks(rows: slice) -> Callable[[slice, NDArray[np.float32]], None]:
        def score(columns: slice, out: NDArray[np.float32]) -> None:
            random = generator(seed, "random ranking", rows.start, columns.start)
            random.random(out=out, dtype=np.float32)

        return score

    return score_blocks


def _scored_by(teacher: Teacher, parts: Iterator[tuple[slice, TopK]]) -> Iterator[tuple[slice, TopK]]:
    for rows, found in parts:
        yield rows, found._replace(scores=teacher.scores(np.arange(rows.start, rows.stop), found.indices))
