"""Pairs labelled 1 and 0 from examples without scores, to see how well an encoder tells them apart."""

import itertools
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs.labelled_texts import LabelledTexts
from tfsiamese.pairs.pairs import Pairs
from tfsiamese.pairs.seeding import generator
from tfsiamese.pairs.triplets import Triplets

__all__ = ["contrasting_pairs"]

_MOST_TRIES = 50

_Row = tuple[str, str, float]


def contrasting_pairs(
    examples: Pairs | Triplets | LabelledTexts,
    seed: int = 0,
    pool: Pairs | Triplets | LabelledTexts | None = None,
    most_rows: int | None = None,
) -> Pairs:
    """For each row a pair that belongs together (1) and one that does not (0).

    Anchors stand with their positive, and with their first negative or, without one, with the positive of a random
    row. That is no known positive of theirs by any row, not the other way round either, and no text of their groups.
    Texts with classes stand with a random text of their class, and with one of another. A row for which no such
    partner is found gives one pair only. Scored pairs are returned as they are.

    Args:
        examples: of any shape.
        seed: of the random choices.
        pool: more examples of the same shape, of which partners may come too, such as the training data where
            `examples` are held out; what it says of positives, groups and classes counts as well.
        most_rows: make pairs of so many random rows at most, in their order; None takes all rows.

    Returns:
        At most two pairs for each row, without repeats.

    Raises:
        DataError: there is not a single pair of each kind.
        SettingsError: `most_rows` is below 1.
    """
    if most_rows is not None and most_rows < 1:
        raise SettingsError(f"Expected most_rows to be a positive integer or None. Received: most_rows={most_rows!r}.")
    rows = _chosen_rows(len(examples), most_rows, seed)
    if isinstance(examples, Pairs):
        return examples if len(rows) == len(examples) else examples.take(rows)
    random = generator(seed, "partners of contrasting pairs")
    if isinstance(examples, Triplets):
        pairs = _of_triplets(examples, pool if isinstance(pool, Triplets) else None, rows, random)
    else:
        pairs = _of_classes(examples, pool if isinstance(pool, LabelledTexts) else None, rows, random)
    frame = pd.DataFrame(pairs, columns=["left", "right", "score"]).drop_duplicates(ignore_index=True)
    if frame["score"].nunique() < 2:
        raise DataError(
            f"{examples.source}: pairs that belong together and pairs that do not cannot both be made of "
            f"{len(rows)} rows. Expected more rows, of different anchors or classes."
        )
    return Pairs.from_frame(frame, source=examples.source)


def _chosen_rows(num_rows: int, most_rows: int | None, seed: int) -> NDArray[np.int64]:
    if most_rows is None or most_rows >= num_rows:
        return np.arange(num_rows)
    chosen = generator(seed, "rows of contrasting pairs").choice(num_rows, most_rows, replace=False, shuffle=False)
    return np.sort(chosen)


def _of_triplets(
    triplets: Triplets, pool: Triplets | None, rows: NDArray[np.int64], random: np.random.Generator
) -> Iterator[_Row]:
    sources = [triplets] if pool is None else [triplets, pool]
    candidates = list(itertools.chain.from_iterable(source.positives for source in sources))
    related = _RelatedTexts(sources)
    anchors, positives, negatives = triplets.anchors, triplets.positives, triplets.negatives
    for row in rows.tolist():
        anchor = anchors[row]
        yield anchor, positives[row], 1.0
        if negatives[row]:
            yield anchor, negatives[row][0], 0.0
            continue
        for place in _places(len(candidates), random):
            if not related.holds(anchor, candidates[place]):
                yield anchor, candidates[place], 0.0
                break


class _RelatedTexts:
    """The texts that are no negatives of an anchor: itself, its positives, its groups', and whose positive it is."""

    def __init__(self, sources: list[Triplets]):
        self._known: dict[str, set[str]] = {}
        self._groups_of: dict[str, set[str]] = {}
        self._of_group: dict[str, set[str]] = {}
        for source in sources:
            for anchor, positive in zip(source.anchors, source.positives, strict=True):
                self._known.setdefault(anchor, {anchor}).add(positive)
                self._known.setdefault(positive, {positive}).add(anchor)
            for anchor, positive, group in zip(source.anchors, source.positives, source.groups or [], strict=False):
                self._groups_of.setdefault(anchor, set()).add(group)
                self._of_group.setdefault(group, set()).update((anchor, positive))

    def holds(self, anchor: str, text: str) -> bool:
        """Whether a text is related to an anchor."""
        groups = self._groups_of.get(anchor, ())
        return text in self._known[anchor] or any(text in self._of_group[group] for group in groups)


def _of_classes(
    texts: LabelledTexts, pool: LabelledTexts | None, rows: NDArray[np.int64], random: np.random.Generator
) -> Iterator[_Row]:
    # Codes count the classes of one set only; names are those of all.
    frames = [texts.frame] if pool is None else [texts.frame, pool.frame]
    known = pd.concat(frames)[["text", "label"]].drop_duplicates()
    codes, names = pd.factorize(known["label"].to_numpy(dtype=object))
    by_class = known.iloc[np.argsort(codes, kind="stable")]
    entries = list(zip(by_class["text"], by_class["label"], strict=True))
    places = {entry: place for place, entry in enumerate(entries)}
    sizes = np.bincount(codes)
    blocks = dict(zip(names, zip((np.cumsum(sizes) - sizes).tolist(), sizes.tolist(), strict=True), strict=True))
    of_rows = texts.frame.iloc[rows]
    for text, label in zip(of_rows["text"], of_rows["label"], strict=True):
        start, size = blocks[label]
        if size > 1:
            # The places of the class without that of the text: one is left out, and those behind it move up.
            place = start + int(random.integers(size - 1))
            yield text, entries[place + (place >= places[text, label])][0], 1.0
        for place in _places(len(entries) - size, random):
            other = entries[place + size * (place >= start)][0]
            # A text can have several classes.
            if (other, label) not in places:
                yield text, other, 0.0
                break


def _places(count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Places below `count` in random order: all of them where they are few, else some, which may repeat."""
    return random.permutation(count) if count <= _MOST_TRIES else random.integers(count, size=_MOST_TRIES)
