"""What occurs more than once in a store, counted by hashes, some rows at a time."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfsiamese.pairs.repeats import Contradiction, Repeat, Repeats
from tfsiamese.pairs.store import BLOCK_ROWS, Store, ranges
from tfsiamese.pairs.text_hashes import Hashes, mixed, pair_keys, row_keys

__all__ = ["REPEATS_FILE", "count_repeats", "read_repeats", "stored_repeats"]

REPEATS_FILE = "repeats.json"

_MOST_EXAMPLES = 3
# All rows are gone through once for each bucket of keys. Of a great many rows the buckets grow, so that it stays at
# so many passes.
_BUCKET_ROWS = 131_072
_MOST_PASSES = 64


class _Found(NamedTuple):
    """Rows of one kind: how many, and the first of them, each with the earlier row or the text that makes it one."""

    total: int
    first: list[tuple[int, int]]

    def plus(self, other: "_Found") -> "_Found":
        """Both together."""
        return _Found(self.total + other.total, sorted(self.first + other.first)[:_MOST_EXAMPLES])


def count_repeats(store: Store) -> dict[str, Any]:
    """What `REPEATS_FILE` holds: by kind a count, and the first rows with the earlier row or the text they are like."""
    kinds = _kinds_of_pairs if store.shape == "pairs" else _kinds_of_triplets
    total: dict[str, _Found] = {}
    num_buckets = min(-(-store.num_rows // _BUCKET_ROWS), _MOST_PASSES)
    for bucket in range(num_buckets):
        for kind, found in kinds(store, bucket, num_buckets).items():
            total[kind] = total.get(kind, _Found(0, [])).plus(found)
    return total


def read_repeats(store: Store) -> dict[str, tuple[int, list[tuple[int, int]]]]:
    """What `count_repeats` found when the store was built."""
    return json.loads((store.folder / REPEATS_FILE).read_text(encoding="utf-8"))


def stored_repeats(store: Store) -> Repeats:
    """The repeats of pairs as `Pairs.repeats` has them; lines are those of each row's own file."""
    found = read_repeats(store)
    lines = {kind: [_repeat(store, *rows) for rows in found[kind][1]] for kind in ("duplicates", "mirrored")}
    return Repeats(
        duplicates=found["duplicates"][0],
        mirrored=found["mirrored"][0],
        contradictions=found["contradictions"][0],
        duplicate_examples=tuple(lines["duplicates"]),
        mirrored_examples=tuple(lines["mirrored"]),
        contradiction_examples=tuple(_contradiction(store, *rows) for rows in found["contradictions"][1]),
    )


def _kinds_of_pairs(store: Store, bucket: int, num_buckets: int) -> dict[str, _Found]:
    """The repeats among the pairs whose key is in a bucket; all rows of one pair are."""
    parts = []
    for rows in _blocks(store):
        left, right = store.hashes(2 * rows), store.hashes(2 * rows + 1)
        keys = pair_keys(left, right)
        chosen = keys % np.uint64(num_buckets) == bucket
        columns = {"row": rows, "pair": keys, "is_flipped": left > right, "score": store.scores(rows)}
        parts.append(pd.DataFrame({name: values[chosen] for name, values in columns.items()}))
    table = pd.concat(parts, ignore_index=True)
    is_duplicate = table.duplicated(["pair", "is_flipped", "score"])
    is_said = table.duplicated(["pair", "score"])
    contradicting = table[table.duplicated("pair") & ~is_said].drop_duplicates("pair")
    return {
        "duplicates": _like_earlier(table, table[is_duplicate], ["pair", "is_flipped", "score"]),
        "mirrored": _like_earlier(table, table[is_said & ~is_duplicate], ["pair", "score"]),
        "contradictions": _like_earlier(table, contradicting, ["pair"]),
    }


def _like_earlier(table: pd.DataFrame, found: pd.DataFrame, keys: list[str]) -> _Found:
    columns = {key: table[key].to_numpy() for key in keys}
    rows = table["row"].to_numpy()
    first = []
    for place in found.index[:_MOST_EXAMPLES].to_numpy():
        is_same = np.all([values == values[place] for values in columns.values()], axis=0)
        first.append((int(rows[place]), int(rows[np.argmax(is_same)])))
    return _Found(len(found), first)


def _kinds_of_triplets(store: Store, bucket: int, num_buckets: int) -> dict[str, _Found]:
    """The repeats among the rows whose anchor is in a bucket; contradictions are rows with their false negative."""
    rows_of, keys, positives, negatives, owners, numbers = [], [], [], [], [], []
    for block in _blocks(store):
        firsts = store.first_texts(block)
        anchors = store.hashes(firsts)
        chosen = anchors % np.uint64(num_buckets) == bucket
        rows, firsts, anchors = block[chosen], firsts[chosen], anchors[chosen]
        counts = store.text_counts(rows)
        hashes = store.hashes(ranges(firsts, counts))
        rows_of.append(rows)
        keys.append(row_keys(hashes, counts))
        # An anchor is none of its own negatives either.
        positives += [_ordered_keys(anchors, store.hashes(firsts + 1)), _ordered_keys(anchors, anchors)]
        numbers.append(ranges(firsts + 2, counts - 2))
        negatives.append(_ordered_keys(np.repeat(anchors, counts - 2), store.hashes(numbers[-1])))
        owners.append(np.repeat(rows, counts - 2))
    is_false = np.isin(np.concatenate(negatives), np.concatenate(positives))
    false_rows, places = np.unique(np.concatenate(owners)[is_false], return_index=True)
    false_texts = np.concatenate(numbers)[is_false][places]
    table = pd.DataFrame({"row": np.concatenate(rows_of), "key": np.concatenate(keys)})
    repeated = table[table.duplicated("key")]
    return {
        "duplicates": _Found(len(repeated), []),
        "contradictions": _Found(
            len(false_rows), list(zip(false_rows[:_MOST_EXAMPLES].tolist(), false_texts.tolist(), strict=False))
        ),
    }


def _ordered_keys(anchors: Hashes, others: Hashes) -> Hashes:
    return mixed(anchors + mixed(others, 4), 5)


def _blocks(store: Store) -> Iterator[NDArray[np.int64]]:
    for start in range(0, store.num_rows, BLOCK_ROWS):
        yield np.arange(start, min(start + BLOCK_ROWS, store.num_rows))


def _repeat(store: Store, row: int, earlier: int) -> Repeat:
    line, earlier_line = store.lines(np.array([row, earlier])).tolist()
    return Repeat(line, earlier_line)


def _contradiction(store: Store, row: int, earlier: int) -> Contradiction:
    rows = np.array([row, earlier])
    low, high = store.meta["score_range"]
    (line, earlier_line), (score, earlier_score) = store.lines(rows).tolist(), low + store.scores(rows) * (high - low)
    left, right = (text.decode() for text in store.texts(np.array([2 * earlier, 2 * earlier + 1])))
    return Contradiction(line, float(score), earlier_line, float(earlier_score), left, right)
