"""Which columns hold a text and its class, by name."""

from collections.abc import Sequence

from tfsiamese.pairs.columns import column_key, is_known_header, only_position
from tfsiamese.pairs.shape_names import only_names
from tfsiamese.pairs.table import Column, Layout

__all__ = ["CLASS_NAMES", "ClassColumns"]

CLASS_NAMES = (("text", "class"), ("text", "label"), ("sentence", "label"))


class ClassColumns:
    """Finds the columns of texts with a class."""

    def find(self, header: Sequence[str], source: str) -> Layout:
        """The columns of texts and of classes.

        Raises:
            DataError: they are not there, or more than one set of them is.
        """
        names = only_names(header, CLASS_NAMES, source, f"a text and its class, {_KNOWN}")
        keys = [column_key(name) for name in header]
        positions = [only_position(keys, name, source) for name in names]
        columns = zip(("text", "label"), positions, strict=True)
        return Layout(
            "classes", tuple(Column(role, place, header[place]) for role, place in columns), "one text and its class"
        )

    def is_header(self, row: Sequence[str]) -> bool:
        """Whether a row holds one of the known sets of column names."""
        return is_known_header(row, CLASS_NAMES)


_KNOWN = " or ".join(f"({', '.join(names)})" for names in CLASS_NAMES)
