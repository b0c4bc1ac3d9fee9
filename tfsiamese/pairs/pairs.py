"""Validated pairs of texts with scores: what the rest of the package trains and evaluates on."""

import functools
import itertools
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tfsiamese.pairs.columns import ColumnNames, PairColumns
from tfsiamese.pairs.fingerprints import Fingerprint
from tfsiamese.pairs.repeats import Repeats, find_repeats
from tfsiamese.pairs.rows import Rows
from tfsiamese.pairs.split import validation_rows
from tfsiamese.pairs.table import Table
from tfsiamese.pairs.tables import read_frame
from tfsiamese.pairs.validation import UNIT_RANGE, score_limits, validated_frame

__all__ = ["Pairs", "frame_of_pairs", "pairs_from_table", "warn_of_contradictions"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, repr=False)
class Pairs:
    """Pairs of texts with scores from 0 to 1. Made by `read_pairs` or `Pairs.from_frame`, which check every row.

    Attributes:
        frame: a DataFrame with the columns left (str), right (str), score (float64, 0 to 1) and line (int64: where the
            row starts in its file, 1-based; in a Parquet file or a DataFrame the number of the row); and file (str),
            where the rows are from several files. Not to be changed in place.
        source: where the pairs come from, as messages name it.
        score_range: the scale of the scores in the source; its ends have become 0 and 1.
    """

    shape: ClassVar[str] = "pairs"

    frame: pd.DataFrame
    source: str
    score_range: tuple[float, float] = UNIT_RANGE

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        left: str | None = None,
        right: str | None = None,
        score: str | None = None,
        score_range: Sequence[float] | None = None,
        source: str = "DataFrame",
    ) -> "Pairs":
        """Checks a DataFrame and takes its pairs.

        Args:
            frame: a DataFrame with a column of left texts, one of right texts, and one of scores.
            left: the name of the column of left texts; by default a known one, as in `read_pairs`.
            right: the name of the column of right texts.
            score: the name of the column of scores.
            score_range: the lowest and the highest possible score, where these are not 0 and 1.
            source: the name of these pairs in messages.

        Raises:
            DataError: a column is missing, or a row cannot be used.
            SettingsError: `score_range` is not two finite numbers, the lower one first.

        Example:
            >>> Pairs.from_frame(pd.DataFrame({"left": ["nurse"], "right": ["medical nurse"], "score": [1.0]}))
            <Pairs: 1 pair from DataFrame, scores 1 to 1>
        """
        finder = PairColumns(ColumnNames(left, right, score))
        return pairs_from_table(read_frame(frame, finder, source), score_range)

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"<Pairs: {self._headline()}>"

    @property
    def left(self) -> list[str]:
        """The left texts, `[rows]`; a new list at each call."""
        return self.frame["left"].tolist()

    @property
    def right(self) -> list[str]:
        """The right texts, `[rows]`; a new list at each call."""
        return self.frame["right"].tolist()

    @property
    def scores(self) -> NDArray[np.float32]:
        """The scores, float32 `[rows]`, 0 to 1; a new array at each call."""
        return self.frame["score"].to_numpy(dtype=np.float32, copy=True)

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 over texts and scores in their order, as 64 hexadecimal digits.

        The path, the format and the lines of the source make no difference; scores count as mapped to 0 to 1.
        """
        fingerprint = Fingerprint()
        fingerprint.add_texts(self.left)
        fingerprint.add_texts(self.right)
        fingerprint.add_numbers(self.frame["score"].to_numpy())
        return fingerprint.hexdigest()

    @functools.cached_property
    def repeats(self) -> Repeats:
        """What occurs more than once: counts and first examples with their lines."""
        return find_repeats(self.frame, self.score_range)

    @property
    def duplicates(self) -> int:
        """The number of rows that have the left text, the right text and the score of an earlier row."""
        return self.repeats.duplicates

    @property
    def mirrored(self) -> int:
        """The number of rows that have the texts of an earlier row the other way round, and its score."""
        return self.repeats.mirrored

    @property
    def contradictions(self) -> int:
        """The number of pairs that have more than one score, whichever way round."""
        return self.repeats.contradictions

    def texts(self) -> list[str]:
        """The distinct texts in order of first appearance; in each row the left one comes first."""
        return list(dict.fromkeys(itertools.chain.from_iterable(zip(self.left, self.right, strict=True))))

    def summary(self) -> str:
        """A few lines for a person: how many pairs, texts and repeats, and which scores."""
        return "\n".join([f"{self._headline()}, {len(self.texts()):,} different texts", *self.repeats.lines()])

    def take(self, indices: ArrayLike) -> "Pairs":
        """The rows at these positions, in the order given.

        Args:
            indices: whole numbers `[n]`, counted from 0, or bool `[rows]`.

        Raises:
            IndexError: there is no such position.
        """
        return replace(self, frame=self.frame.iloc[np.asarray(indices)].reset_index(drop=True))

    def split(self, validation: float = 0.1, seed: int = 0) -> "tuple[Pairs, Pairs]":
        """Splits off rows for validation, so that no pair and no mirror image of it is on both sides.

        The choice depends on the texts and the seed only: it is the same on each machine. Both sides keep the order
        of the rows.

        Args:
            validation: the fraction of rows for validation, between 0 and 1, or their number, from 1. All rows of one
                pair stay together; the size is the nearest to the one asked for that this allows.
            seed: any whole number; each gives another choice.

        Returns:
            The pairs for training, and those for validation. Neither is empty.

        Raises:
            DataError: there are too few different pairs.
            SettingsError: `validation` is neither such a fraction nor such a number.

        Example:
            >>> training, validation = pairs.split(validation=0.2)
        """
        is_validation = validation_rows(self.left, self.right, validation, seed, self.source)
        return self.take(~is_validation), self.take(is_validation)

    def _headline(self) -> str:
        pairs = f"{len(self):,} pair{'' if len(self) == 1 else 's'} from {self.source}"
        if not len(self):
            return pairs
        scores = self.frame["score"]
        scale = (
            "" if self.score_range == UNIT_RANGE else " (given on a scale of {:g} to {:g})".format(*self.score_range)
        )
        return f"{pairs}, scores {scores.min():.4g} to {scores.max():.4g}{scale}"


def pairs_from_table(table: Table, score_range: Sequence[float] | None) -> Pairs:
    """Checks what a reader found, and warns of pairs that have more than one score.

    Raises:
        DataError: a row cannot be used.
        SettingsError: `score_range` is not two finite numbers, the lower one first.
    """
    pairs = Pairs(frame_of_pairs(table, score_range), table.source, score_limits(score_range))
    warn_of_contradictions(pairs.repeats, pairs.source)
    return pairs


def frame_of_pairs(table: Table, score_range: Sequence[float] | None) -> pd.DataFrame:
    """The checked rows as `Pairs.frame` has them; raises as `pairs_from_table` does."""
    left, right, score = table.columns
    names = [column.name.strip() for column in table.layout.columns]
    rows = Rows(table.source, (names[0], names[1], names[2]), left, right, score, table.lines, table.broken, table.unit)
    return validated_frame(rows, score_range)


def warn_of_contradictions(repeats: Repeats, source: str) -> None:
    """Logs a warning where pairs have more than one score."""
    if repeats.contradictions:
        logger.warning(
            "%s: %d pair%s with more than one score, e.g. %s. All rows are kept.",
            source,
            repeats.contradictions,
            "" if repeats.contradictions == 1 else "s",
            "; ".join(map(str, repeats.contradiction_examples)),
        )
