"""Which columns hold anchors, positives, negatives, a teacher's scores and groups, by name."""

import re
from collections.abc import Sequence

from tfsiamese.errors import DataError
from tfsiamese.pairs.columns import column_key, is_known_header, only_position
from tfsiamese.pairs.shape_names import only_names
from tfsiamese.pairs.table import Column, Layout
from tfsiamese.pairs.wording import listed

__all__ = ["TRIPLET_NAMES", "TripletColumns"]

TRIPLET_NAMES = (
    ("anchor", "positive"),
    ("query", "positive"),
    ("query", "passage"),
    ("question", "answer"),
)
_KNOWN = " or ".join(f"({', '.join(names)})" for names in TRIPLET_NAMES)
_EXPECTED = f"an anchor and a positive, {_KNOWN}, with negative, negative_2, … if there are any"
_NEGATIVE = re.compile(r"negative(?:_?(\d+))?")
_SCORE = re.compile(r"positive_score|negative_scores|negative(?:_?\d+)?_score")


class TripletColumns:
    """Finds the columns of anchors, positives and what may stand beside them.

    Negatives are in columns negative, negative_1, negative_2, …, or in one of lists, negatives. A teacher's scores are
    in positive_score and a column for each of negatives (negative_score, negative_2_score, …; negative_scores for
    lists), or in one of lists, scores, the positive's first.
    """

    def find(self, header: Sequence[str], source: str) -> Layout:
        """The columns that are there.

        Raises:
            DataError: anchors or positives are not there, more than one set of names is, or some of a teacher's scores
                are there and others not.
        """
        anchor, positive = only_names(header, TRIPLET_NAMES, source, _EXPECTED)
        keys = [column_key(name) for name in header]
        negatives = _negatives(keys, source)
        named = [("anchor", anchor), ("positive", positive), *negatives, *_scores(keys, negatives, source)]
        if "group" in keys:
            named.append(("group", "group"))
        positions = [(role, only_position(keys, key, source)) for role, key in named]
        columns = tuple(Column(role, position, header[position]) for role, position in positions)
        return Layout("triplets", columns, "an anchor and a positive")

    def is_header(self, row: Sequence[str]) -> bool:
        """Whether a row holds one of the known sets of column names."""
        return is_known_header(row, TRIPLET_NAMES)


def _negatives(keys: Sequence[str], source: str) -> list[tuple[str, str]]:
    """Roles and names of the columns of negatives, by their numbers."""
    matches = [match for match in map(_NEGATIVE.fullmatch, dict.fromkeys(keys)) if match]
    single = sorted(matches, key=lambda match: (int(match[1] or 0), match[0]))
    if "negatives" not in keys:
        return [("negative", match[0]) for match in single]
    if single:
        raise DataError(
            f"{source}: the columns 'negatives' and {listed(match[0] for match in single)} are all there. Expected "
            "negatives in one column of lists, or in columns of one text each: remove or rename the others."
        )
    return [("negatives", "negatives")]


def _scores(keys: Sequence[str], negatives: list[tuple[str, str]], source: str) -> list[tuple[str, str]]:
    """Roles and names of the columns of a teacher's scores, in the order of the texts."""
    found = [key for key in dict.fromkeys(keys) if _SCORE.fullmatch(key)]
    if "scores" in keys and not found:
        return [("scores", "scores")]
    roles = {"negative": ("negative_score", "{}_score"), "negatives": ("negative_scores", "negative_scores")}
    expected = [("positive_score", "positive_score")]
    expected += [(roles[role][0], roles[role][1].format(key)) for role, key in negatives]
    names = [name for _, name in expected]
    if found and ("scores" in keys or sorted(found) != sorted(names)):
        others = ["scores"] if "scores" in keys else []
        raise DataError(
            f"{source}: the columns of a teacher's scores are {listed(found + others)}; expected "
            f"{listed(names)}, or none of them. Add or remove columns."
        )
    return expected if found else []
