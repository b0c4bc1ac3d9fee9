"""Texts with a class each: what batches of several texts a class are drawn from."""

import functools
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tfsiamese.pairs.class_columns import ClassColumns
from tfsiamese.pairs.fingerprints import Fingerprint
from tfsiamese.pairs.rows import BadRow, unusable_rows_error
from tfsiamese.pairs.stratified import stratified_validation_rows
from tfsiamese.pairs.table import Table
from tfsiamese.pairs.tables import read_frame
from tfsiamese.pairs.values import name_of, name_problem, text_problem, usable_texts
from tfsiamese.pairs.wording import shown

__all__ = ["LabelledTexts", "labelled_texts_from_table"]


@dataclass(frozen=True, eq=False, repr=False)
class LabelledTexts:
    """Texts with a class each. Made by `read_examples` or `LabelledTexts.from_frame`, which check every row.

    Attributes:
        frame: a DataFrame with the columns text (str), label (str: the name of the class) and line (int64: where the
            row starts in its file, 1-based; in a Parquet file or a DataFrame the number of the row); and file (str),
            where the rows are from several files. Not to be changed in place.
        source: where the texts come from, as messages name it.
    """

    shape: ClassVar[str] = "classes"

    frame: pd.DataFrame
    source: str

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, source: str = "DataFrame") -> "LabelledTexts":
        """Checks a DataFrame and takes its texts.

        Args:
            frame: a DataFrame with columns of known names: (text, class), (text, label) or (sentence, label). A class
                is a name; a number is the name that it is written as.
            source: the name of these texts in messages.

        Raises:
            DataError: a column is missing, or a row cannot be used.

        Example:
            >>> LabelledTexts.from_frame(pd.DataFrame({"text": ["nurse", "baker"], "class": ["health", "food"]}))
            <LabelledTexts: 2 texts from DataFrame, 2 classes of 1 text>
        """
        return labelled_texts_from_table(read_frame(frame, ClassColumns(), source))

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"<LabelledTexts: {self._headline()}>"

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class of each row, int64 `[rows]`: a position in `classes`; a new array at each call."""
        return self._codes[0].copy()

    @property
    def classes(self) -> list[str]:
        """The names of the classes in order of first appearance; a new list at each call."""
        return list(self._codes[1])

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 over texts and names of classes in their order, as 64 hexadecimal digits."""
        fingerprint = Fingerprint("classes")
        fingerprint.add_texts(self.frame["text"].tolist())
        fingerprint.add_texts(self.frame["label"].tolist())
        return fingerprint.hexdigest()

    @functools.cached_property
    def duplicates(self) -> int:
        """The number of rows that have the text and the class of an earlier row."""
        return int(self.frame.duplicated(["text", "label"]).sum())

    @functools.cached_property
    def contradictions(self) -> int:
        """The number of texts that have more than one class."""
        return int((self.frame.groupby("text")["label"].nunique() > 1).sum())

    def texts(self) -> list[str]:
        """The text of each row, `[rows]`; a new list at each call."""
        return self.frame["text"].tolist()

    def summary(self) -> str:
        """A few lines for a person: how many texts, classes and repeats."""
        lines = [f"{self._headline()}, {self.frame['text'].nunique():,} different texts"]
        if self.duplicates:
            lines.append(f"{self.duplicates} duplicate row{'' if self.duplicates == 1 else 's'}")
        if self.contradictions:
            lines.append(f"{self.contradictions} text{'' if self.contradictions == 1 else 's'} with several classes")
        return "\n".join(lines)

    def take(self, indices: ArrayLike) -> "LabelledTexts":
        """The rows at these positions, in the order given. Their `labels` count the classes that are left.

        Args:
            indices: whole numbers `[n]`, counted from 0, or bool `[rows]`.

        Raises:
            IndexError: there is no such position.
        """
        return replace(self, frame=self.frame.iloc[np.asarray(indices)].reset_index(drop=True))

    def split(self, validation: float = 0.1, seed: int = 0) -> "tuple[LabelledTexts, LabelledTexts]":
        """Splits off rows for validation, from each class in proportion, so that no text is on both sides.

        A class with at least two texts keeps one in training; one with a single text stays there, unless all classes
        are so. The choice depends on the texts, the classes and the seed only. Both sides keep the order of the rows.

        Args:
            validation: the fraction of rows for validation, between 0 and 1, or their number, from 1; met as nearly as
                the classes allow.
            seed: any whole number; each gives another choice.

        Returns:
            The texts for training, and those for validation. Neither is empty.

        Raises:
            DataError: there are too few different texts.
            SettingsError: `validation` is neither such a fraction nor such a number.
        """
        is_validation = stratified_validation_rows(
            self.texts(), self.frame["label"].tolist(), validation=validation, seed=seed, source=self.source
        )
        return self.take(~is_validation), self.take(is_validation)

    @functools.cached_property
    def _codes(self) -> tuple[NDArray[np.int64], list[str]]:
        codes, names = pd.factorize(pd.Series(self.frame["label"].tolist(), dtype=object))
        return codes.astype(np.int64), names.tolist()

    def _headline(self) -> str:
        texts = f"{len(self):,} text{'' if len(self) == 1 else 's'} from {self.source}"
        if not len(self):
            return texts
        sizes = np.bincount(self.labels)
        low, high = int(sizes.min()), int(sizes.max())
        size = f"{low} text{'' if low == 1 else 's'}" if low == high else f"{low} to {high} texts"
        return f"{texts}, {len(sizes):,} class{'' if len(sizes) == 1 else 'es'} of {size}"


def labelled_texts_from_table(table: Table) -> LabelledTexts:
    """Checks what a reader found.

    Raises:
        DataError: a row cannot be used.
    """
    texts, values = table.columns
    names = [name_of(value) for value in values]
    usable = usable_texts(texts) & np.fromiter((name is not None for name in names), dtype=bool, count=len(names))
    if table.broken or not usable.all():
        raise unusable_rows_error(table, np.flatnonzero(~usable), lambda index: _bad_row(table, index))
    return LabelledTexts(pd.DataFrame({"text": texts, "label": names, "line": table.lines}), table.source)


def _bad_row(table: Table, index: int) -> BadRow:
    (text, name), line = (column[index] for column in table.columns), int(table.lines[index])
    problem = text_problem(text)
    column = table.layout.columns[0 if problem else 1]
    return BadRow(line, f"{shown(column.name.strip())} {problem or name_problem(name)}")
