"""Scored pairs, or anchors with positives, that stay in files: as many as the disk holds, in the memory of a few."""

import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfsiamese.errors import DataError
from tfsiamese.pairs.checked_arguments import row_positions, whole_number
from tfsiamese.pairs.examples import Examples
from tfsiamese.pairs.pairs import Pairs
from tfsiamese.pairs.repeats import Repeats
from tfsiamese.pairs.seeding import generator
from tfsiamese.pairs.split import target_rows
from tfsiamese.pairs.store import BLOCK_ROWS, Store
from tfsiamese.pairs.stored_repeats import false_negative_lines, stored_repeats
from tfsiamese.pairs.stored_rows import frame_of_rows
from tfsiamese.pairs.stored_split import (
    MOST_HELD_OUT,
    choose_by_key,
    pair_keys_of,
    rows_where,
    without_held_out_anchors,
)
from tfsiamese.pairs.text_hashes import Hashes, mixed, pair_keys
from tfsiamese.pairs.triplets import Triplets

__all__ = ["AnyExamples", "StoredExamples"]


class StoredExamples:
    """Rows in a store. Made by `stream_examples`, which checks every row.

    Rows are counted from 0 and are those of this object: what `split` and `without` leave has fewer than the store.

    Args:
        store: holds the rows.
        kept: which of its rows these are, int32 or int64 [rows], ascending; None for all.

    Attributes:
        shape: "pairs" or "triplets".
        source: where the rows come from, as messages name it.
    """

    def __init__(self, store: Store, kept: NDArray[np.integer] | None = None):
        self.store = store
        self.shape = store.shape
        self.source = store.source
        self._kept = kept

    def __len__(self) -> int:
        return self.store.num_rows if self._kept is None else len(self._kept)

    def __repr__(self) -> str:
        return f"<StoredExamples: {self._headline()}>"

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 over texts, scores and groups in their order, as 64 hexadecimal digits.

        How the rows are spread over files, their format and their paths make no difference. It is not the fingerprint
        that the same rows have where they are read into memory.
        """
        whole = self.store.fingerprint
        if self._kept is None:
            return whole
        return hashlib.sha256(whole.encode() + self._kept.astype("<i8").tobytes()).hexdigest()

    @functools.cached_property
    def num_negatives(self) -> int:
        """The number of negatives of all rows together; 0 of pairs."""
        if self.shape == "pairs":
            return 0
        return sum(int(self.store.text_counts(rows).sum()) - 2 * len(rows) for rows in self._blocks_of_store())

    @property
    def has_scores(self) -> bool:
        """Whether rows have scores: those of pairs, or a teacher's."""
        return self.store.has_scores

    @property
    def has_groups(self) -> bool:
        """Whether rows have groups."""
        return self.store.has_groups

    @property
    def repeats(self) -> Repeats | None:
        """What occurs more than once among all pairs of the store, as `Pairs.repeats`; None for triplets."""
        return stored_repeats(self.store) if self.shape == "pairs" else None

    @property
    def duplicates(self) -> int:
        """The number of rows of the store that are the same as an earlier row."""
        return self.store.repeats["duplicates"].total

    @property
    def contradictions(self) -> int:
        """As `Pairs.contradictions` and `Triplets.contradictions`, of all rows of the store."""
        return self.store.repeats["contradictions"].total

    def summary(self) -> str:
        """A few lines for a person: how many rows and repeats, from how many files."""
        if self.repeats is not None:
            return "\n".join([self._headline(), *self.repeats.lines()])
        lines = [self._headline()]
        if self.duplicates:
            lines.append(f"{self.duplicates} duplicate row{'' if self.duplicates == 1 else 's'}")
        return "\n".join([*lines, *self.contradiction_lines()])

    def contradiction_lines(self) -> list[str]:
        """A line on triplets whose negatives are none, with the first of them; empty where there are none."""
        return false_negative_lines(self.store)

    def store_rows(self, rows: ArrayLike) -> NDArray[np.int64]:
        """Which rows of the store some rows are, int64 [n]."""
        rows = np.asarray(rows, np.int64)
        return rows if self._kept is None else self._kept[rows].astype(np.int64)

    def where(self, rows: ArrayLike) -> list[tuple[str, int]]:
        """The file and the line that rows come from, [n]."""
        found = self.store_rows(rows)
        return list(zip(self.store.shards(found), self.store.lines(found).tolist(), strict=True))

    def take(self, rows: ArrayLike) -> Pairs | Triplets:
        """The rows at these positions in memory, in the order given, as `read_examples` gives them.

        Args:
            rows: whole numbers [n], counted from 0, or bool [rows].

        Raises:
            IndexError: there is no such position.
            SettingsError: `rows` are neither.
        """
        frame = frame_of_rows(self.store, self.store_rows(row_positions(rows, len(self))))
        return (
            Pairs(frame, self.source, self.store.score_range) if self.shape == "pairs" else Triplets(frame, self.source)
        )

    def load(self) -> Pairs | Triplets:
        """All rows in memory."""
        return self.take(np.arange(len(self)))

    def sample(self, count: int, seed: int = 0) -> Pairs | Triplets:
        """Random rows in memory, in their order; all of them where there are no more than `count`.

        Args:
            count: a whole number from 0.
            seed: a whole number from 0; each gives another choice.

        Raises:
            SettingsError: one of them is none.
        """
        count, seed = whole_number("count", count, least=0), whole_number("seed", seed, least=0)
        if count >= len(self):
            return self.load()
        chosen = generator(seed, "sample of stored rows").choice(len(self), count, replace=False, shuffle=False)
        return self.take(np.sort(chosen))

    def split(self, validation: float = 0.1, seed: int = 0) -> "tuple[StoredExamples, Pairs | Triplets]":
        """Holds out rows for validation, which are read into memory; no more than ten thousand.

        No pair and no mirror image of it is on both sides. Of triplets, all rows of one anchor, or of one group, go
        together, and rows in which a held-out anchor is the positive are in neither part; a positive can be on both
        sides. The choice depends on texts and seed only, and is another one than where the rows are read into memory.

        Args:
            validation: the fraction of rows for validation, between 0 and 1, or their number, from 1; met as nearly as
                rows that stay together allow.
            seed: any whole number; each gives another choice.

        Returns:
            The rows for training, and those for validation. Neither is empty.

        Raises:
            DataError: there are too few different rows.
            SettingsError: `validation` is neither such a fraction nor such a number, or `seed` is no whole number.
        """
        seed = whole_number("seed", seed)
        target = target_rows(validation, len(self), self.source)
        group = "pair" if self.shape == "pairs" else "group" if self.has_groups else "anchor"
        keys = functools.partial(self._keys, lambda rows: mixed(self._split_keys(rows), seed))
        sides = choose_by_key(keys, target, self.source, group)
        held_out = self.take(sides.held_out[: 2 * MOST_HELD_OUT])
        training = sides.training
        if self.shape == "triplets":
            training = without_held_out_anchors(self.store, self.store_rows, sides, self.source)
        if not len(training):
            raise DataError(
                f"{self.source}: texts link all rows, so that none can be held out and others be left. Add rows, or "
                "train without validation."
            )
        return self._part(training), held_out

    def without(self, others: Iterable[Examples]) -> "StoredExamples":
        """The rows whose two texts, in either order, are not those of a row of `others`; with classes there are none.

        Raises:
            DataError: no row is left.
        """
        keys = [pair_keys_of(examples) for examples in others]
        known = np.unique(np.concatenate([np.empty(0, np.uint64), *keys]))
        blocks = functools.partial(self._keys, self._pair_keys)
        kept = rows_where(blocks, lambda block: ~np.isin(block, known))
        if not len(kept):
            raise DataError(f"Every row of {self.source} is validation data too. Name other validation data.")
        return self if len(kept) == len(self) else self._part(kept)

    def blocks(self) -> Iterator[NDArray[np.int64]]:
        """Yields all positions in their order, some thousand at a time: int64 [n]."""
        for start in range(0, len(self), BLOCK_ROWS):
            yield np.arange(start, min(start + BLOCK_ROWS, len(self)))

    def _blocks_of_store(self) -> Iterator[NDArray[np.int64]]:
        return map(self.store_rows, self.blocks())

    def _keys(self, keys: Callable[[NDArray[np.int64]], Hashes]) -> Iterator[tuple[NDArray[np.int64], Hashes]]:
        for block in self.blocks():
            yield block, keys(self.store_rows(block))

    def _split_keys(self, rows: NDArray[np.int64]) -> Hashes:
        if self.shape == "pairs":
            return self._pair_keys(rows)
        return self.store.group_hashes(rows) if self.has_groups else self.store.hashes(self.store.first_texts(rows))

    def _pair_keys(self, rows: NDArray[np.int64]) -> Hashes:
        firsts = self.store.first_texts(rows)
        return pair_keys(self.store.hashes(firsts), self.store.hashes(firsts + 1))

    def _part(self, rows: NDArray[np.int64]) -> "StoredExamples":
        kept = self.store_rows(rows)
        fits = self.store.num_rows <= np.iinfo(np.int32).max
        return StoredExamples(self.store, kept.astype(np.int32) if fits else kept)

    def _headline(self) -> str:
        what = "pair" if self.shape == "pairs" else "row"
        files = len(self.store.parts)
        of_files = f" ({files:,} files)" if files > 1 else ""
        return f"{len(self):,} stored {what}{'' if len(self) == 1 else 's'} from {self.source}{of_files}"


AnyExamples: TypeAlias = Examples | StoredExamples
"""What training takes: examples in memory, or stored ones."""
