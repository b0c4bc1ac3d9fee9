"""The shapes of examples, and which of them a header holds."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tfsiamese.errors import DataError
from tfsiamese.pairs.class_columns import CLASS_NAMES, ClassColumns
from tfsiamese.pairs.columns import KNOWN_NAMES, ColumnNames, PairColumns, column_key
from tfsiamese.pairs.labelled_texts import LabelledTexts
from tfsiamese.pairs.pairs import Pairs
from tfsiamese.pairs.shape_names import names_in
from tfsiamese.pairs.table import ColumnFinder, Layout
from tfsiamese.pairs.triplet_columns import TRIPLET_NAMES, TripletColumns
from tfsiamese.pairs.triplets import Triplets
from tfsiamese.pairs.wording import listed

__all__ = ["ExampleColumns", "Examples"]

logger = logging.getLogger(__name__)

Examples: TypeAlias = Pairs | Triplets | LabelledTexts
"""Examples of any shape, as `read_examples` returns them."""

_PAIR_NAMES = (*KNOWN_NAMES, ColumnNames("left", "right", "teacher_score"))
_SCORES = ("score", "label", "similarity", "teacher_score")


@dataclass(frozen=True)
class ExampleColumns:
    """Finds the columns of whatever shape a source has.

    Attributes:
        wanted: names asked for, which only scored pairs have.
    """

    wanted: ColumnNames

    def find(self, header: Sequence[str], source: str) -> Layout:
        """The columns of the one shape that fits.

        Raises:
            DataError: no shape fits, or more than one does.
        """
        if any(name is not None for name in self.wanted):
            return PairColumns(self.wanted, _PAIR_NAMES).find(header, source)
        fitting = [(finder, names) for finder, known in self._shapes() for names in names_in(header, known)]
        if len(fitting) != 1:
            raise DataError(_not_one(header, [names for _, names in fitting], source))
        layout = fitting[0][0].find(header, source)
        _warn_of_scores(header, layout, source)
        return layout

    def is_header(self, row: Sequence[str]) -> bool:
        """Whether a row holds a known set of column names of any shape."""
        return any(finder.is_header(row) for finder, _ in self._shapes())

    def _shapes(self) -> list[tuple[ColumnFinder, Sequence[Sequence[str]]]]:
        return [
            (PairColumns(self.wanted, _PAIR_NAMES), [tuple(map(str, names)) for names in _PAIR_NAMES]),
            (TripletColumns(), TRIPLET_NAMES),
            (ClassColumns(), CLASS_NAMES),
        ]


def _not_one(header: Sequence[str], fitting: Sequence[Sequence[str]], source: str) -> str:
    found = f"{source}: the columns found are {listed(header)}"
    shapes = (
        f"scored pairs {_any_of(_PAIR_NAMES)}, or an anchor and a positive {_any_of(TRIPLET_NAMES)} with negative, "
        f"negative_2, … if there are any, or a text and its class {_any_of(CLASS_NAMES)}"
    )
    if not fitting:
        return (
            f"{found}; expected {shapes}. Rename the columns, or name those of scored pairs with --left, --right and "
            "--score (left=, right=, score= in Python)."
        )
    sets = " and ".join(f"({', '.join(names)})" for names in fitting)
    return (
        f"{found}; {sets} are all there. Expected one of {shapes}. Remove or rename the others, or name the columns of "
        "scored pairs with --left, --right and --score (left=, right=, score= in Python)."
    )


def _any_of(known: Sequence[Sequence[str | None]]) -> str:
    return " or ".join(f"({', '.join(map(str, names))})" for names in known)


def _warn_of_scores(header: Sequence[str], layout: Layout, source: str) -> None:
    """Says that a score beside an anchor and a positive is not read: a pair with a low one counts as a positive too."""
    unread = [name for name in header if column_key(name) in _SCORES]
    if layout.shape == "triplets" and unread:
        logger.warning(
            "%s: %s is not read: the second text of each row counts as a positive of the first. For scored pairs name "
            "the columns with --left, --right and --score (left=, right=, score= in Python).",
            source,
            listed(unread),
        )
