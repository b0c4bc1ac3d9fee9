"""Pairs that are almost there already."""

from collections.abc import Sequence

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

_Texts = tuple[str, ...]


def find_near_duplicates(pairs: Sequence[WrittenPair], task: Task, threshold: float) -> list[Finding | None]:
    """Which earlier pair each is almost the same as, [pairs]; one that is found so is no measure for later ones.

    The Jaccard similarity of character trigrams, of the left texts, or of both sentences of paraphrases together.
    Texts with different numbers, such as those of versions or years, are no near-duplicates. MinHash proposes the
    candidates, with a fixed seed; the exact similarity decides, and of several the earliest is named.

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
    from datasketch import MinHash, MinHashLSH

    texts = [_compared(pair, task) for pair in pairs]
    index = MinHashLSH(num_perm=_NUM_PERMUTATIONS, params=_bands(threshold))
    encoded = ([shingle.encode("utf-8", "surrogatepass") for shingle in sorted(_shingles(text))] for text in texts)
    findings: list[Finding | None] = []
    for row, sketch in enumerate(MinHash.generator(encoded, num_perm=_NUM_PERMUTATIONS, seed=_SEED)):
        candidates = sorted(index.query(sketch))
        earlier = next((other for other in candidates if _are_near(texts[row], texts[other], threshold)), None)
        if earlier is None:
            index.insert(row, sketch)
        findings.append(None if earlier is None else Finding(NEAR_DUPLICATE, named_pair(pairs[earlier])))
    return findings


def shingle_similarity(left: _Texts, right: _Texts) -> float:
    """The Jaccard similarity of the character trigrams of folded texts: those in common over all, 0 to 1."""
    one, other = _shingles(left), _shingles(right)
    return len(one & other) / len(one | other)


def _compared(pair: WrittenPair, task: Task) -> _Texts:
    return (pair.left,) if task.is_retrieval else (pair.left, pair.right)


def _are_near(texts: _Texts, others: _Texts, threshold: float) -> bool:
    # Sorted, so that the two sentences of a paraphrase may stand in either order.
    if sorted(map(designators, texts)) != sorted(map(designators, others)):
        return False
    return shingle_similarity(texts, others) >= threshold


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
