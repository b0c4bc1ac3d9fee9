"""Texts that are no negatives of an anchor, since the examples say that they belong to it."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfsiamese.pairs import Triplets

__all__ = ["KnownPositives", "find_known_positives"]

_NO_GROUP = -1


@dataclass(frozen=True, eq=False)
class KnownPositives:
    """Pairs of anchor and text, and groups that both may be in, which costs nothing for each pair of a large group.

    Attributes:
        starts: where the texts of each anchor begin in `texts`, int64 [anchors + 1].
        texts: positions in the corpus, int64.
        anchor_groups: the first group of each anchor, int64 [anchors], −1 for none; None where there are no groups.
        text_groups: the first group of each text of the corpus, int64 [corpus]; a text in none has another number
            than any anchor.
    """

    starts: NDArray[np.int64]
    texts: NDArray[np.int64]
    anchor_groups: NDArray[np.int64] | None = None
    text_groups: NDArray[np.int64] | None = None

    def strike_out(self, anchors: slice, corpus: slice, scores: NDArray[np.float32]) -> None:
        """Sets the scores [anchors, corpus] of what is known to −inf."""
        texts = self.texts[self.starts[anchors.start] : self.starts[anchors.stop]]
        rows = np.repeat(np.arange(len(scores)), np.diff(self.starts[anchors.start : anchors.stop + 1]))
        here = (texts >= corpus.start) & (texts < corpus.stop)
        scores[rows[here], texts[here] - corpus.start] = -np.inf
        if self.anchor_groups is not None and self.text_groups is not None:
            of_one_group = self.anchor_groups[anchors, np.newaxis] == self.text_groups[corpus]
            np.copyto(scores, np.float32(-np.inf), where=of_one_group)


def find_known_positives(examples: Triplets, anchors: Mapping[str, int], corpus: Mapping[str, int]) -> KnownPositives:
    """What the examples say belongs together, whichever text of a row is the anchor.

    Known for an anchor are the positives of all its rows, the anchors of which it is a positive, the same text, and
    where there are groups all anchors and positives of its groups.

    Args:
        examples: the rows.
        anchors: positions of the distinct anchors.
        corpus: positions of the distinct texts that may become negatives.
    """
    anchor_groups = text_groups = None
    more: Iterable[tuple[int, int]] = ()
    if examples.groups is not None:
        anchor_groups, text_groups, more = _groups(examples, anchors, corpus)
    pairs = itertools.chain(_pairs_of_rows(examples, anchors, corpus), more)
    keys = np.unique(np.fromiter((anchor * len(corpus) + text for anchor, text in pairs), np.int64))
    known_anchors, texts = np.divmod(keys, len(corpus))
    starts = np.searchsorted(known_anchors, np.arange(len(anchors) + 1))
    return KnownPositives(starts, texts, anchor_groups, text_groups)


def _pairs_of_rows(
    examples: Triplets, anchors: Mapping[str, int], corpus: Mapping[str, int]
) -> Iterator[tuple[int, int]]:
    for anchor, positive in zip(examples.anchors, examples.positives, strict=True):
        for text, other in ((anchor, anchor), (anchor, positive), (positive, anchor)):
            if text in anchors and other in corpus:
                yield anchors[text], corpus[other]


def _groups(
    examples: Triplets, anchors: Mapping[str, int], corpus: Mapping[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], set[tuple[int, int]]]:
    """The first group of each anchor and text, and the pairs that further groups of either make known."""
    anchor_groups = np.full(len(anchors), _NO_GROUP)
    text_groups = np.full(len(corpus), _NO_GROUP - 1)
    more: set[tuple[int, int]] = set()
    for code, texts in enumerate(_texts_by_group(examples).values()):
        in_anchors = [anchors[text] for text in texts if text in anchors]
        in_corpus = [corpus[text] for text in texts if text in corpus]
        late_anchors = [anchor for anchor in in_anchors if anchor_groups[anchor] != _NO_GROUP]
        late_texts = [text for text in in_corpus if text_groups[text] >= 0]
        more.update((anchor, text) for anchor in late_anchors for text in in_corpus)
        more.update((anchor, text) for anchor in in_anchors for text in late_texts)
        anchor_groups[[anchor for anchor in in_anchors if anchor_groups[anchor] == _NO_GROUP]] = code
        text_groups[[text for text in in_corpus if text_groups[text] < 0]] = code
    return anchor_groups, text_groups, more


def _texts_by_group(examples: Triplets) -> dict[str, dict[str, None]]:
    by_group: dict[str, dict[str, None]] = {}
    for anchor, positive, group in zip(examples.anchors, examples.positives, examples.groups or [], strict=True):
        texts = by_group.setdefault(group, {})
        texts[anchor] = texts[positive] = None
    return by_group
