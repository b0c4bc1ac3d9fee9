"""Checked examples in a folder: what a source too large for memory is read into once, and read from ever after.

The folder holds `meta.json`, with the files that the rows are from and what repeats among them, and files of plain
numbers and bytes:

- `texts.bin`: all texts in UTF-8, row after row; in a row left, right, or anchor, positive, negatives.
- `offsets.i64` [texts + 1]: where in `texts.bin` each text starts. `hashes.u64` [texts]: a hash of each.
- `splits.i64` [rows + 1], for triplets: the number of each row's first text.
- `scores.f64`: of pairs [rows], 0 to 1; a teacher's scores of triplets [texts − rows], row after row.
- `groups.bin`, `group_offsets.i64` [rows + 1], `group_hashes.u64` [rows]: the name of each row's group.
- `lines.i64` [rows]: where each row starts in its file.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tfsiamese.pairs.mapped_file import MappedFile
from tfsiamese.pairs.text_hashes import Hashes

__all__ = [
    "BLOCK_ROWS",
    "DTYPES",
    "FORMAT",
    "META_FILE",
    "NO_REPEATS",
    "BrokenStoreError",
    "RepeatedRows",
    "Store",
    "ranges",
]

FORMAT = 2
"""The version of this layout; a store of another one is built again."""

META_FILE = "meta.json"
BLOCK_ROWS = 32_768
"""Rows that are looked at together where all rows are."""

DTYPES: dict[str, DTypeLike] = {
    "texts.bin": np.uint8,
    "offsets.i64": np.int64,
    "hashes.u64": np.uint64,
    "splits.i64": np.int64,
    "scores.f64": np.float64,
    "groups.bin": np.uint8,
    "group_offsets.i64": np.int64,
    "group_hashes.u64": np.uint64,
    "lines.i64": np.int64,
}

_ALWAYS = {"texts.bin", "offsets.i64", "hashes.u64", "lines.i64"}
_NEEDED = {"pairs": _ALWAYS | {"scores.f64"}, "triplets": _ALWAYS | {"splits.i64"}}
_OF_GROUPS = {"groups.bin", "group_offsets.i64", "group_hashes.u64"}


class RepeatedRows(NamedTuple):
    """Rows of one kind: how many, and the first of them, each with the earlier row or the text that makes it one."""

    total: int
    first: list[tuple[int, int]]

    def plus(self, other: "RepeatedRows", most: int) -> "RepeatedRows":
        """Both together; the `most` first rows are kept."""
        return RepeatedRows(self.total + other.total, sorted(self.first + other.first)[:most])


NO_REPEATS = {kind: RepeatedRows(0, []) for kind in ("duplicates", "mirrored", "contradictions")}
"""Each kind of repeats, none of it found."""


class BrokenStoreError(Exception):
    """A store is not there, or is not as it was written: it has to be built."""


class Store:
    """A store that is read from; rows and texts are counted from 0.

    Args:
        folder: holds the store.

    Attributes:
        shape: "pairs" or "triplets".
        num_rows: how many rows there are.
        source: where they are from, as messages name it.
        fingerprint: 64 hexadecimal digits for what the rows hold.
        score_range: the scale of the scores in the source.
        parts: the files that the rows are from, with the number of rows of each, in order.
        repeats: what occurs more than once, by the kinds of `NO_REPEATS`; of triplets nothing is mirrored.

    Raises:
        BrokenStoreError: a file is missing or has another size than it was written with, or `meta.json` lacks
            something.
    """

    shape: str
    num_rows: int
    source: str
    fingerprint: str
    score_range: tuple[float, float]
    parts: list[tuple[str, int]]
    repeats: dict[str, RepeatedRows]

    def __init__(self, folder: Path):
        self.folder = folder
        try:
            meta = json.loads((folder / META_FILE).read_text(encoding="utf-8"))
            sizes = {name: (folder / name).stat().st_size for name in meta["sizes"]}
            if meta["format"] != FORMAT or sizes != meta["sizes"]:
                raise BrokenStoreError(f"{folder} is not as it was written")
            self._files = {name: MappedFile(folder / name, DTYPES[name]) for name in sizes}
            self._take_over(meta)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BrokenStoreError(f"{folder}: {error}") from error
        self.has_scores = "scores.f64" in self._files
        self.has_groups = "group_hashes.u64" in self._files

    def _take_over(self, meta: dict[str, Any]) -> None:
        """Reads all that `meta.json` has to hold, so that nothing of it is found to be missing later."""
        self.shape = meta["shape"]
        self.num_rows = int(meta["rows"])
        self.source, self.fingerprint = str(meta["source"]), str(meta["fingerprint"])
        low, high = map(float, meta["score_range"])
        self.score_range = low, high
        self.parts = [(str(path), int(count)) for path, count in meta["shards"]]
        found = {kind: meta["repeats"][kind] for kind in NO_REPEATS}
        self.repeats = {
            kind: RepeatedRows(int(total), [(int(row), int(other)) for row, other in first])
            for kind, (total, first) in found.items()
        }
        of_groups = _OF_GROUPS if _OF_GROUPS & self._files.keys() else set()
        missing = (_NEEDED[self.shape] | of_groups) - self._files.keys()
        rows = {self.num_rows, sum(count for _, count in self.parts)}
        if missing or rows != {len(self._files["lines.i64"])}:
            raise BrokenStoreError(f"{self.folder} is not as it was written")

    def first_texts(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The number of the first text of each row, int64 [n]; of the row behind the last that of the end."""
        return 2 * rows if self.shape == "pairs" else self._files["splits.i64"].take(rows)

    def text_counts(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many texts each row has, int64 [n]."""
        return self.first_texts(rows + 1) - self.first_texts(rows)

    def texts(self, numbers: NDArray[np.int64]) -> list[bytes]:
        """Texts in UTF-8, [n]."""
        offsets = self._files["offsets.i64"]
        return self._files["texts.bin"].slices(offsets.take(numbers), offsets.take(numbers + 1))

    def text_lengths(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """The lengths of texts in bytes, int64 [n]."""
        offsets = self._files["offsets.i64"]
        return offsets.take(numbers + 1) - offsets.take(numbers)

    def hashes(self, numbers: NDArray[np.int64]) -> Hashes:
        """The hashes of texts, uint64 [n]."""
        return self._files["hashes.u64"].take(numbers)

    def is_first_text(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which texts are the first of their rows, bool [n]: left texts and anchors."""
        if self.shape == "pairs":
            return numbers % 2 == 0
        splits = self._files["splits.i64"]
        rows = np.array([splits.place_after(number) - 1 for number in numbers.tolist()], np.int64)
        return splits.take(rows) == numbers

    def scores(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """The scores of pairs, float64 [n], or all scores of each row of triplets, row after row."""
        if self.shape == "pairs":
            return self._files["scores.f64"].take(rows)
        return self._files["scores.f64"].take(ranges(self.first_texts(rows) - rows, self.text_counts(rows) - 1))

    def group_hashes(self, rows: NDArray[np.int64]) -> Hashes:
        """The hashes of the names of groups, uint64 [n]."""
        return self._files["group_hashes.u64"].take(rows)

    def group_names(self, rows: NDArray[np.int64]) -> list[bytes]:
        """The names of groups in UTF-8, [n]."""
        offsets = self._files["group_offsets.i64"]
        return self._files["groups.bin"].slices(offsets.take(rows), offsets.take(rows + 1))

    def lines(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where rows start in their files, int64 [n]."""
        return self._files["lines.i64"].take(rows)

    def shards(self, rows: NDArray[np.int64]) -> list[str]:
        """The paths of the files that rows are from, [n]."""
        ends = np.cumsum([count for _, count in self.parts])
        return [self.parts[place][0] for place in np.searchsorted(ends, rows, side="right").tolist()]


def ranges(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers starts[0], starts[0] + 1, … (counts[0] of them), then those from starts[1], and so on."""
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(counts.sum())
