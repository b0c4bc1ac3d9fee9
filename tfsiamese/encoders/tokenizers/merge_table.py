"""Which pairs of neighbouring tokens BPE merges, and which merges may be done ahead of their turn.

BPE merges the pair of the lowest rank in a word, the leftmost one of several, and begins again. One merge after the
other takes as many steps as a word has bytes. But a merge of the pair (a, b) may be done at once, at any time, if
nothing can take a or b away before its turn comes:

- a is taken by a token to its left only in a merge (X, a), where X ends in what stands left of a now. `threat_left` of
  the pair of that and a is the lowest rank of all such merges.
- b is taken by a token to its right only in a merge (b, Y), where Y begins with what stands right of b now:
  `threat_right` of the pair of b and that.
- The merged token must not find a merge of lower rank than its own; then it would not have been there in time.

Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units" (arXiv:1508.07909), defines BPE.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["NEVER", "MergeTable", "build_merge_table"]

NEVER = 2**31 - 1
"""The rank of a merge that does not exist."""


@dataclass(frozen=True)
class MergeTable:
    """Pairs that merge, or whose neighbourhood forbids a merge.

    Attributes:
        base: the key of a pair is left · base + right.
        keys: sorted, int64 [k + 1]; the last one is larger than any key.
        ranks: of the pair itself, `NEVER` where it is no merge, int32 [k + 1], as are the next two.
        threats_left: lowest rank of the merges (X, right), where X is or ends in left.
        threats_right: lowest rank of the merges (left, Y), where Y is or begins with right.
        merged: the id of both tokens together, int32 [k + 1].
        in_order: whether the merged token finds merges of higher rank only, bool [k + 1].
    """

    base: int
    keys: np.ndarray
    ranks: np.ndarray
    threats_left: np.ndarray
    threats_right: np.ndarray
    merged: np.ndarray
    in_order: np.ndarray


def build_merge_table(merges: np.ndarray, base: int) -> MergeTable:
    """Builds the table.

    Args:
        merges: (left id, right id, id of both) [m, 3], in the order of their ranks, no pair twice, no token empty.
        base: larger than any id that can stand in a word.
    """
    left, right, both = merges.T
    ranks = np.arange(len(merges))
    by_left = _threats(base, (left, right, ranks), _Parts(both, right))
    by_right = _threats(base, (right, left, ranks), _Parts(both, left))
    swapped = by_right[0] % base * base + by_right[0] // base
    own = left * base + right
    keys = np.unique(np.concatenate([by_left[0], swapped, own]))
    in_order = ranks < _lowest_ranks_of_tokens(base, left, right, ranks)[both]
    return MergeTable(
        base=base,
        keys=np.append(keys, np.iinfo(np.int64).max),
        ranks=_spread(keys, own, ranks, NEVER),
        threats_left=_spread(keys, *by_left, NEVER),
        threats_right=_spread(keys, swapped, by_right[1], NEVER),
        merged=_spread(keys, own, both, 0),
        in_order=_spread(keys, own, in_order, 0).astype(bool),
    )


class _Parts:
    """The tokens that end (or begin) each token, by one step of any of its merges."""

    def __init__(self, both: np.ndarray, part: np.ndarray):
        order = np.argsort(both, kind="stable")
        self._both, self._part = both[order], part[order]

    def expand(self, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Indices into tokens, repeated for each of its parts, and the parts."""
        first = np.searchsorted(self._both, tokens, "left")
        counts = np.searchsorted(self._both, tokens, "right") - first
        index = np.repeat(np.arange(len(tokens)), counts)
        within = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
        return index, self._part[first[index] + within]


def _threats(
    base: int, triples: tuple[np.ndarray, np.ndarray, np.ndarray], parts: _Parts
) -> tuple[np.ndarray, np.ndarray]:
    """Keys (outer part of the first token, second token), and the lowest rank of the merges that they are from."""
    outer, inner, ranks = triples
    found = [_lowest(outer * base + inner, ranks)]
    while len(outer):
        index, outer = parts.expand(outer)
        keys, ranks = _lowest(outer * base + inner[index], ranks[index])
        found.append((keys, ranks))
        outer, inner = keys // base, keys % base
    return _lowest(np.concatenate([keys for keys, _ in found]), np.concatenate([ranks for _, ranks in found]))


def _lowest(keys: np.ndarray, ranks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each key once, with its lowest rank."""
    order = np.lexsort((ranks, keys))
    keys, first = np.unique(keys[order], return_index=True)
    return keys, ranks[order][first]


def _lowest_ranks_of_tokens(base: int, left: np.ndarray, right: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    lowest = np.full(base, NEVER)
    np.minimum.at(lowest, left, ranks)
    np.minimum.at(lowest, right, ranks)
    return lowest


def _spread(keys: np.ndarray, some: np.ndarray, values: np.ndarray, otherwise: int) -> np.ndarray:
    """Values of some of the keys, and a default for the others and for the one behind them, int32 [k + 1]."""
    spread = np.full(len(keys) + 1, otherwise, np.int32)
    spread[np.searchsorted(keys, some)] = values
    return spread
