"""What occurs more than once in a store, counted by hashes, some rows at a time."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfsiamese.pairs.repeats import Contradiction, Repeat, Repeats
from tfsiamese.pairs.store import BLOCK_ROWS, NO_REPEATS, RepeatedRows, Store, ranges
from tfsiamese.pairs.text_hashes import Hashes, mixed, pair_keys, row_keys
from tfsiamese.pairs.triplets import contradiction_line

__all__ = ["count_repeats", "false_negative_lines", "stored_repeats"]

_MOST_EXAMPLES = 3
# All rows are gone through once for each bucket of keys. Of a great many rows the buckets grow, so that it stays at
# so many passes.
_BUCKET_ROWS = 131_072
_MOST_PASSES = 64


def count_repeats(store: Store) -> dict[str, RepeatedRows]:
    """What `Store.repeats` holds."""
    kinds = _kinds_of_pairs if store.shape == "pairs" else _kinds_of_triplets
    total = dict(NO_REPEATS)
    num_buckets = min(-(-store.num_rows // _BUCKET_ROWS), _MOST_PASSES)
    for bucket in range(num_buckets):
        for kind, found in kinds(store, bucket, num_buckets).items():
            total[kind] = total[kind].plus(found, _MOST_EXAMPLES)
    return total


def stored_repeats(store: Store) -> Repeats:
    """The repeats of pairs as `Pairs.repeats` has them; where there are several files, examples name them."""
    duplicates, mirrored, contradictions = (store.repeats[kind] for kind in NO_REPEATS)
    return Repeats(
        duplicates=duplicates.total,
        mirrored=mirrored.total,
        contradictions=contradictions.total,
        duplicate_examples=tuple(_repeat(store, *rows) for rows in duplicates.first),
        mirrored_examples=tuple(_repeat(store, *rows) for rows in mirrored.first),
        contradiction_examples=tuple(_contradiction(store, *rows) for rows in contradictions.first),
    )


def false_negative_lines(store: Store) -> list[str]:
    """A line on triplets whose negatives are none, with the first of them; empty where there are none."""
    count, first = store.repeats["contradictions"]
    if store.shape == "pairs" or not count:
        return []
    row, number = first[0]
    rows = np.array([row])
    numbers = np.append(store.first_texts(rows), number)
    anchor, text = (found.decode() for found in store.texts(numbers))
    where = f"line {store.lines(rows)[0]} of {store.shards(rows)[0]}"
    return [contradiction_line(count, anchor, text, where)]


def _kinds_of_pairs(store: Store, bucket: int, num_buckets: int) -> dict[str, RepeatedRows]:
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


def _like_earlier(table: pd.DataFrame, found: pd.DataFrame, keys: list[str]) -> RepeatedRows:
    columns = {key: table[key].to_numpy() for key in keys}
    rows = table["row"].to_numpy()
    first = []
    for place in found.index[:_MOST_EXAMPLES].to_numpy():
        is_same = np.all([values == values[place] for values in columns.values()], axis=0)
        first.append((int(rows[place]), int(rows[np.argmax(is_same)])))
    return RepeatedRows(len(found), first)


def _kinds_of_triplets(store: Store, bucket: int, num_buckets: int) -> dict[str, RepeatedRows]:
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
        "duplicates": RepeatedRows(len(repeated), []),
        "contradictions": RepeatedRows(
            len(false_rows), list(zip(false_rows[:_MOST_EXAMPLES].tolist(), false_texts.tolist(), strict=False))
        ),
    }


def _ordered_keys(anchors: Hashes, others: Hashes) -> Hashes:
    return mixed(anchors + mixed(others, 4), 5)


def _blocks(store: Store) -> Iterator[NDArray[np.int64]]:
    for start in range(0, store.num_rows, BLOCK_ROWS):
        yield np.arange(start, min(start + BLOCK_ROWS, store.num_rows))


def _repeat(store: Store, row: int, earlier: int) -> Repeat:
    return Repeat(*_lines_and_files(store, row, earlier))


def _contradiction(store: Store, row: int, earlier: int) -> Contradiction:
    line, earlier_line, *files = _lines_and_files(store, row, earlier)
    low, high = store.score_range
    score, earlier_score = low + store.scores(np.array([row, earlier])) * (high - low)
    left, right = (text.decode() for text in store.texts(np.array([2 * earlier, 2 * earlier + 1])))
    return Contradiction(line, float(score), earlier_line, float(earlier_score), left, right, *files)


def _lines_and_files(store: Store, row: int, earlier: int) -> tuple[int, int, str | None, str | None]:
    """Where two rows start, and the files that this is in unless there is only one."""
    rows = np.array([row, earlier])
    line, earlier_line = store.lines(rows).tolist()
    file, earlier_file = store.shards(rows) if len(store.parts) > 1 else (None, None)
    return line, earlier_line, file, earlier_file
