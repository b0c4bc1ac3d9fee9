"""Pairs that are almost there already."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tfsiamese.generation.quality.dropped import Finding
from tfsiamese.generation.quality.duplicates import named_pair
from tfsiamese.generation.quality.folding import designators, fold
from tfsiamese.generation.quality.packages import require_packages
from tfsiamese.generation.quality.reasons import NEAR_DUPLICATE
from tfsiamese.generation.tasks.task import Task
from tfsiamese.generation.tasks.written_pair import WrittenPair

__all__ = ["find_near_duplicates", "shingle_similarity"]

_SHINGLE = 3
_NUM_PERMUTATIONS = 128
_SEED = 1
_MOST_ROWS = _NUM_PERMUTATIONS // 2
# Of pairs right at the threshold; those above it are missed more seldom still.
_MISSED = 1e-4

# Groups up to this size are compared each with each, which takes less than their sketches do.
_FEW = 32

_Texts = tuple[str, ...]
_Key = tuple[tuple[str, ...], ...]


def find_near_duplicates(pairs: Sequence[WrittenPair], task: Task, threshold: float) -> list[Finding | None]:
    """Which earlier pair each is almost the same as, [pairs]; one that is found so is no measure for later ones.

    The Jaccard similarity of character trigrams, of the left texts, or of both sentences of paraphrases together.
    Texts with different numbers, such as those of versions or years, are no near-duplicates and are never compared.
    Where many are left, MinHash proposes the candidates, with a fixed seed; the exact similarity decides, and of
    several the earliest is named.

    Args:
        pairs: in the order in which they are to be kept.
        task: what they were written for.
        threshold: the similarity from which on a pair is a near-duplicate, above 0 and up to 1.

    Raises:
        DependencyError: datasketch is not installed.

    Reference: Broder, "On the resemblance and containment of documents", 1997; Leskovec, Rajaraman and Ullman, "Mining
    of Massive Datasets", chapter 3, for the bands.
    """
    require_packages("datasketch")
    groups: defaultdict[_Key, list[int]] = defaultdict(list)
    texts = [_compared(pair, task) for pair in pairs]
    for row, text in enumerate(texts):
        # Sorted, so that the two sentences of a paraphrase may stand in either order.
        groups[tuple(sorted(map(designators, text)))].append(row)
    earlier: dict[int, int] = {}
    for rows in groups.values():
        if len(rows) > 1:
            shingles = {row: _shingles(texts[row]) for row in rows}
            search = _near_in_few if len(rows) <= _FEW else _near_in_many
            earlier |= search(shingles, threshold)
    return [
        Finding(NEAR_DUPLICATE, named_pair(pairs[earlier[row]])) if row in earlier else None
        for row in range(len(pairs))
    ]


def shingle_similarity(left: _Texts, right: _Texts) -> float:
    """The Jaccard similarity of the character trigrams of folded texts: those in common over all, 0 to 1."""
    return _jaccard(_shingles(left), _shingles(right))


def _compared(pair: WrittenPair, task: Task) -> _Texts:
    return (pair.left,) if task.is_retrieval else (pair.left, pair.right)


def _near_in_few(shingles: Mapping[int, set[str]], threshold: float) -> dict[int, int]:
    """The earliest near text of each that has one, by row; each is compared with all that are kept."""
    kept: list[int] = []
    near: dict[int, int] = {}
    for row in shingles:
        earlier = _first_near(row, kept, shingles, threshold)
        if earlier is None:
            kept.append(row)
        else:
            near[row] = earlier
    return near


def _near_in_many(shingles: Mapping[int, set[str]], threshold: float) -> dict[int, int]:
    """As `_near_in_few`, with MinHash to propose what each is compared with, and the rare shingles to narrow that."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(num_perm=_NUM_PERMUTATIONS, params=_bands(threshold))
    encoded = ([each.encode("utf-8", "surrogatepass") for each in sorted(own)] for own in shingles.values())
    rare = _rare_shingles(shingles, threshold)
    holders: defaultdict[str, list[int]] = defaultdict(list)
    near: dict[int, int] = {}
    for row, sketch in zip(shingles, MinHash.generator(encoded, num_perm=_NUM_PERMUTATIONS, seed=_SEED), strict=True):
        candidates = set(index.query(sketch))
        if len(candidates) > _FEW:
            # Questions that follow one pattern are alike in most of their shingles, near-duplicates in rare ones too.
            candidates &= {other for shingle in rare[row] for other in holders[shingle]}
        earlier = _first_near(row, sorted(candidates), shingles, threshold)
        if earlier is None:
            index.insert(row, sketch)
            for shingle in rare[row]:
                holders[shingle].append(row)
        else:
            near[row] = earlier
    return near


def _rare_shingles(shingles: Mapping[int, set[str]], threshold: float) -> dict[int, list[str]]:
    """So many of each text's rarest shingles that two near-duplicates have at least one of them in common.

    Sets of n shingles that are near share t n of them or more, so among any n - t n + 1 there is a shared one; in an
    order that holds for all, the first shared one is among the first of both.

    Reference: Chaudhuri, Ganti and Kaushik, "A primitive operator for similarity joins in data cleaning", 2006.
    """
    counts = Counter(shingle for own in shingles.values() for shingle in own)
    rare = {}
    for row, own in shingles.items():
        # Rounded down a little, so that no error of the product costs a shingle.
        shared = math.ceil(threshold * len(own) - 1e-6)
        rare[row] = sorted(own, key=lambda shingle: (counts[shingle], shingle))[: len(own) - shared + 1]
    return rare


def _first_near(row: int, candidates: Iterable[int], shingles: Mapping[int, set[str]], threshold: float) -> int | None:
    own = shingles[row]
    return next((other for other in candidates if _jaccard(own, shingles[other]) >= threshold), None)


def _jaccard(one: set[str], other: set[str]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common)


def _shingles(texts: _Texts) -> set[str]:
    shingles = set()
    for text in map(fold, texts):
        shingles |= {text[start : start + _SHINGLE] for start in range(max(1, len(text) - _SHINGLE + 1))}
    return shingles


def _bands(threshold: float) -> tuple[int, int]:
    """Bands and rows a band: as many rows as find all but 1 in 10,000 pairs of that similarity."""
    for rows in range(_MOST_ROWS, 1, -1):
        bands = _NUM_PERMUTATIONS // rows
        if (1 - threshold**rows) ** bands <= _MISSED:
            return bands, rows
    return _NUM_PERMUTATIONS, 1
