"""Anchors with a positive and any number of negatives: what contrastive losses train on."""

import functools
import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from tfsiamese.pairs.fingerprints import Fingerprint
from tfsiamese.pairs.linked_rows import linked_validation_rows
from tfsiamese.pairs.table import Table
from tfsiamese.pairs.tables import read_frame
from tfsiamese.pairs.triplet_columns import TripletColumns
from tfsiamese.pairs.triplet_validation import triplet_frame
from tfsiamese.pairs.wording import shown

__all__ = ["Triplets", "contradiction_line", "triplets_from_table", "warn_of_false_negatives"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, repr=False)
class Triplets:
    """Rows of an anchor, a positive and negatives. Made by `read_examples` or `Triplets.from_frame`, which check them.

    Attributes:
        frame: a DataFrame with the columns anchor (str), positive (str), negatives (tuple of str; empty where a row has
            none) and line (int64: where the row starts in its file, 1-based; in a Parquet file or a DataFrame the
            number of the row), and where the source has them scores (tuple of float: a teacher's score of the positive,
            then of each negative) and group (str: the positives of a group's rows are positives of each other's
            anchors); and file (str), where the rows are from several files. Not to be changed in place.
        source: where the rows come from, as messages name it.
    """

    shape: ClassVar[str] = "triplets"

    frame: pd.DataFrame
    source: str

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, source: str = "DataFrame") -> "Triplets":
        """Checks a DataFrame and takes its rows.

        Args:
            frame: a DataFrame with columns of known names, as in `read_examples`: anchor and positive, or others;
                negatives (lists or tuples of texts), or negative, negative_2, …; scores (lists or tuples of numbers,
                the positive's first), or positive_score, negative_score, negative_2_score, …; group.
            source: the name of these rows in messages.

        Raises:
            DataError: a column is missing, or a row cannot be used.

        Example:
            >>> Triplets.from_frame(pd.DataFrame({"anchor": ["nurse"], "positive": ["medical nurse"]}))
            <Triplets: 1 row from DataFrame, no negatives>
        """
        return triplets_from_table(read_frame(frame, TripletColumns(), source))

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"<Triplets: {self._headline()}>"

    @property
    def anchors(self) -> list[str]:
        """The anchors, `[rows]`; a new list at each call."""
        return self.frame["anchor"].tolist()

    @property
    def positives(self) -> list[str]:
        """The positives, `[rows]`; a new list at each call."""
        return self.frame["positive"].tolist()

    @property
    def negatives(self) -> list[tuple[str, ...]]:
        """The negatives of each row, `[rows]`; a new list at each call."""
        return self.frame["negatives"].tolist()

    @property
    def scores(self) -> list[tuple[float, ...]] | None:
        """A teacher's scores of each row, the positive's first, `[rows]`; None where the source has none."""
        return self.frame["scores"].tolist() if "scores" in self.frame else None

    @property
    def groups(self) -> list[str] | None:
        """The group of each row, `[rows]`; None where the source has none."""
        return self.frame["group"].tolist() if "group" in self.frame else None

    @property
    def num_negatives(self) -> int:
        """The number of negatives of all rows together."""
        return sum(map(len, self.frame["negatives"]))

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 over texts, scores and groups in their order, as 64 hexadecimal digits.

        The path, the format, the names of the columns and the lines of the source make no difference.
        """
        fingerprint = Fingerprint("triplets")
        fingerprint.add_texts(self.anchors)
        fingerprint.add_texts(self.positives)
        fingerprint.add_counts([len(texts) for texts in self.negatives])
        fingerprint.add_texts(list(itertools.chain.from_iterable(self.negatives)))
        if self.scores is not None:
            fingerprint.add_kind("scores")
            fingerprint.add_numbers(list(itertools.chain.from_iterable(self.scores)))
        if self.groups is not None:
            fingerprint.add_kind("groups")
            fingerprint.add_texts(self.groups)
        return fingerprint.hexdigest()

    @functools.cached_property
    def duplicates(self) -> int:
        """The number of rows that have the anchor, the positive and the negatives of an earlier row."""
        return int(self.frame.duplicated(["anchor", "positive", "negatives"]).sum())

    @functools.cached_property
    def contradictions(self) -> int:
        """The number of rows that have, as a negative, their anchor or a positive of that anchor."""
        return sum(1 for _ in self._contradictions())

    def texts(self) -> list[str]:
        """The distinct texts in order of first appearance; in each row anchor, positive, negatives."""
        rows = zip(self.anchors, self.positives, self.negatives, strict=True)
        return list(dict.fromkeys(text for anchor, positive, rest in rows for text in (anchor, positive, *rest)))

    def summary(self) -> str:
        """A few lines for a person: how many rows, texts and repeats."""
        lines = [f"{self._headline()}, {len(self.texts()):,} different texts"]
        if self.duplicates:
            lines.append(f"{self.duplicates} duplicate row{'' if self.duplicates == 1 else 's'}")
        if self.contradictions:
            lines.append(self._contradiction_line())
        return "\n".join(lines)

    def take(self, indices: ArrayLike) -> "Triplets":
        """The rows at these positions, in the order given.

        Args:
            indices: whole numbers `[n]`, counted from 0, or bool `[rows]`.

        Raises:
            IndexError: there is no such position.
        """
        return replace(self, frame=self.frame.iloc[np.asarray(indices)].reset_index(drop=True))

    def split(self, validation: float = 0.1, seed: int = 0) -> "tuple[Triplets, Triplets]":
        """Splits off rows for validation, so that nothing said of an anchor is on both sides.

        Rows that share an anchor, a positive or a group stay together, and so do rows that others link. Where this
        holds more than half of all rows together, only rows of one anchor are kept together, which is logged. The
        choice depends on the texts and the seed only, and both sides keep the order of the rows.

        Args:
            validation: the fraction of rows for validation, between 0 and 1, or their number, from 1. The size is the
                nearest to the one asked for that rows which stay together allow.
            seed: any whole number; each gives another choice.

        Returns:
            The rows for training, and those for validation. Neither is empty.

        Raises:
            DataError: there are too few different anchors.
            SettingsError: `validation` is neither such a fraction nor such a number.
        """
        is_validation = linked_validation_rows(
            self.anchors, self.positives, self.groups, validation=validation, seed=seed, source=self.source
        )
        return self.take(~is_validation), self.take(is_validation)

    def _headline(self) -> str:
        counts = [len(texts) for texts in self.negatives]
        parts = [f"{len(self):,} row{'' if len(self) == 1 else 's'} from {self.source}"]
        if sum(counts):
            each = f"{min(counts)}" if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
            parts.append(f"{sum(counts):,} negative{'' if sum(counts) == 1 else 's'} ({each} in a row)")
        else:
            parts.append("no negatives")
        if self.scores is not None:
            parts.append("a teacher's scores")
        if self.groups is not None:
            num_groups = len(set(self.groups))
            parts.append(f"{num_groups:,} group{'' if num_groups == 1 else 's'}")
        return ", ".join(parts)

    def _contradictions(self) -> Iterator[tuple[int, str, str]]:
        """Rows that have a positive of their anchor, or the anchor, as a negative: row, anchor and negative."""
        positives = set(zip(self.anchors, self.positives, strict=True))
        for row, (anchor, negatives) in enumerate(zip(self.anchors, self.negatives, strict=True)):
            false = next((text for text in negatives if text == anchor or (anchor, text) in positives), None)
            if false is not None:
                yield row, anchor, false

    def _contradiction_line(self) -> str:
        row, anchor, text = next(self._contradictions())
        found = self.frame.iloc[row]
        where = f"line {found['line']}" + (f" of {found['file']}" if "file" in found else "")
        return contradiction_line(self.contradictions, anchor, text, where)


def contradiction_line(count: int, anchor: str, text: str, where: str) -> str:
    """How many rows have a negative that is none, with the first of them."""
    return (
        f"{count} row{'' if count == 1 else 's'} with a negative that is the anchor or a positive of it, e.g. "
        f"{shown(text)} for {shown(anchor)} on {where}"
    )


def triplets_from_table(table: Table) -> Triplets:
    """Checks what a reader found, and warns of negatives that are positives of the same anchor.

    Raises:
        DataError: a row cannot be used.
    """
    triplets = Triplets(triplet_frame(table), table.source)
    warn_of_false_negatives(triplets)
    return triplets


def warn_of_false_negatives(triplets: Triplets) -> None:
    """Logs a warning where negatives are positives of the same anchor."""
    if triplets.contradictions:
        logger.warning("%s: %s. All rows are kept.", triplets.source, triplets._contradiction_line())
