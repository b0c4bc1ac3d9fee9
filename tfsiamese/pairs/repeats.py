"""Pairs that occur more than once: said again, said the other way round, or contradicted."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfsiamese.pairs.symmetry import pair_ids
from tfsiamese.pairs.wording import shown

__all__ = ["Contradiction", "Repeat", "Repeats", "find_repeats"]

_MOST_EXAMPLES = 3


class Repeat(NamedTuple):
    """A row that says what an earlier one said. The files are named where rows are from several."""

    line: int
    earlier_line: int
    file: str | None = None
    earlier_file: str | None = None

    def __str__(self) -> str:
        return f"{_place(self.line, self.file)} repeats {_place(self.earlier_line, self.earlier_file)}"


class Contradiction(NamedTuple):
    """A row that gives a pair another score than an earlier row did. Scores are on the scale of the source.

    The files are named where rows are from several.
    """

    line: int
    score: float
    earlier_line: int
    earlier_score: float
    left: str
    right: str
    file: str | None = None
    earlier_file: str | None = None

    def __str__(self) -> str:
        earlier = f"{self.earlier_score:g} on {_place(self.earlier_line, self.earlier_file)}"
        return (
            f"{shown(self.left)} and {shown(self.right)} have {earlier}, "
            f"{self.score:g} on {_place(self.line, self.file)}"
        )


@dataclass(frozen=True)
class Repeats:
    """Counts of what occurs more than once, each with its first examples.

    Attributes:
        duplicates: rows that have the left text, the right text and the score of an earlier row.
        mirrored: rows that have the texts of an earlier row the other way round, and its score.
        contradictions: pairs that have more than one score, whichever way round.
    """

    duplicates: int
    mirrored: int
    contradictions: int
    duplicate_examples: tuple[Repeat, ...]
    mirrored_examples: tuple[Repeat, ...]
    contradiction_examples: tuple[Contradiction, ...]

    def lines(self) -> list[str]:
        """One line of text for each kind that occurs."""
        kinds = (
            (self.duplicates, "duplicate row", "duplicate rows", self.duplicate_examples),
            (self.mirrored, "mirrored row", "mirrored rows", self.mirrored_examples),
            (self.contradictions, "pair with several scores", "pairs with several scores", self.contradiction_examples),
        )
        return [
            f"{count} {one if count == 1 else several}: {_joined(examples, count)}"
            for count, one, several, examples in kinds
            if count
        ]


def find_repeats(frame: pd.DataFrame, score_range: tuple[float, float] = (0.0, 1.0)) -> Repeats:
    """Finds the repeats among the rows of `Pairs.frame`.

    Args:
        frame: columns left, right, score (0 to 1) and line; and file, where the rows are from several.
        score_range: the scale on which `Contradiction` gives the scores.
    """
    ids, is_flipped = pair_ids(frame["left"].tolist(), frame["right"].tolist())
    scores = frame["score"].to_numpy()
    table = pd.DataFrame({"pair": ids, "score": scores, "is_flipped": is_flipped})
    is_duplicate = table.duplicated().to_numpy()
    is_said = table.duplicated(["pair", "score"]).to_numpy()
    is_mirrored = is_said & ~is_duplicate
    is_contradiction = table.duplicated("pair").to_numpy() & ~is_said
    _, first_contradictions = np.unique(ids[is_contradiction], return_index=True)
    contradicting = np.flatnonzero(is_contradiction)[np.sort(first_contradictions)]
    return Repeats(
        duplicates=int(is_duplicate.sum()),
        mirrored=int(is_mirrored.sum()),
        contradictions=len(contradicting),
        duplicate_examples=_examples(frame, is_duplicate, ids, scores, is_flipped),
        mirrored_examples=_examples(frame, is_mirrored, ids, scores),
        contradiction_examples=tuple(
            _contradiction(frame, ids, int(row), score_range) for row in contradicting[:_MOST_EXAMPLES]
        ),
    )


def _examples(frame: pd.DataFrame, is_repeat: NDArray[np.bool_], *keys: NDArray[Any]) -> tuple[Repeat, ...]:
    """The first repeats, each with the first row that has the same keys."""
    lines = frame["line"].to_numpy()
    examples = []
    for row in np.flatnonzero(is_repeat)[:_MOST_EXAMPLES]:
        earlier = int(np.argmax(np.all([key == key[row] for key in keys], axis=0)))
        files = (_file(frame, place) for place in (int(row), earlier))
        examples.append(Repeat(int(lines[row]), int(lines[earlier]), *files))
    return tuple(examples)


def _contradiction(
    frame: pd.DataFrame, ids: NDArray[np.int64], row: int, score_range: tuple[float, float]
) -> Contradiction:
    low, high = score_range
    earlier = int((ids == ids[row]).argmax())
    lines, scores = frame["line"].to_numpy(), low + frame["score"].to_numpy() * (high - low)
    left, right = frame["left"].iloc[earlier], frame["right"].iloc[earlier]
    found, before = ((int(lines[place]), float(scores[place])) for place in (row, earlier))
    return Contradiction(*found, *before, left, right, _file(frame, row), _file(frame, earlier))


def _file(frame: pd.DataFrame, row: int) -> str | None:
    return str(frame["file"].iloc[row]) if "file" in frame else None


def _place(line: int, file: str | None) -> str:
    return f"line {line}" if file is None else f"line {line} of {file}"


def _joined(examples: tuple[Repeat, ...] | tuple[Contradiction, ...], count: int) -> str:
    more = ["…"] if count > len(examples) else []
    return "; ".join([str(example) for example in examples] + more)
