"""The texts of examples as numbers, so that a batch finds its distinct texts without comparing strings."""

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfsiamese.pairs.labelled_texts import LabelledTexts
from tfsiamese.pairs.pairs import Pairs
from tfsiamese.pairs.triplets import Triplets

__all__ = ["TextIds", "text_ids", "tokens_of_rows"]

_BYTES_PER_TOKEN = 4


@dataclass(frozen=True)
class TextIds:
    """Rows of text numbers.

    Attributes:
        vocabulary: the distinct texts with their prompts; the number of a text is its position here.
        plain: the same texts without their prompts.
        columns: int64 [rows] each: (left, right), (anchor, positive) or (text,).
        negatives: int64 [all negatives], those of the first row first.
        splits: int64 [rows + 1]: the negatives of row i are `negatives[splits[i]:splits[i + 1]]`.
    """

    vocabulary: list[str]
    plain: list[str]
    columns: tuple[NDArray[np.int64], ...]
    negatives: NDArray[np.int64]
    splits: NDArray[np.int64]

    def __len__(self) -> int:
        """Rows."""
        return len(self.columns[0])

    def negatives_of(self, row: int) -> NDArray[np.int64]:
        """The numbers of a row's negatives."""
        return self.negatives[self.splits[row] : self.splits[row + 1]]


def text_ids(examples: Pairs | Triplets | LabelledTexts, query_prompt: str = "", passage_prompt: str = "") -> TextIds:
    """Numbers the texts of examples of any shape. With different prompts, one text on both sides has two numbers.

    Args:
        examples: any rows.
        query_prompt: stands before anchors, left texts and texts with classes.
        passage_prompt: stands before positives, negatives and right texts.
    """
    columns: list[list[str]]
    ragged: list[tuple[str, ...]] = []
    if isinstance(examples, Pairs):
        columns = [examples.left, examples.right]
    elif isinstance(examples, Triplets):
        columns, ragged = [examples.anchors, examples.positives], examples.negatives
    else:
        columns = [examples.frame["text"].tolist()]
    num_rows = len(examples)
    plain = list(itertools.chain(*columns, *ragged))
    texts = [query_prompt + text for text in plain[:num_rows]] + [passage_prompt + text for text in plain[num_rows:]]
    numbers, vocabulary = pd.factorize(np.array(texts, dtype=object))
    first = np.unique(numbers, return_index=True)[1]
    parts = np.split(numbers.astype(np.int64), np.arange(1, len(columns) + 1) * num_rows)
    counts = np.fromiter(map(len, ragged), np.int64, num_rows) if ragged else np.zeros(num_rows, np.int64)
    splits = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    without_prompts = [plain[place] for place in first]
    return TextIds(vocabulary.tolist(), without_prompts, tuple(parts[: len(columns)]), parts[-1], splits)


def tokens_of_rows(ids: TextIds, num_tokens: NDArray[np.int32] | None = None) -> NDArray[np.int64]:
    """How many tokens each row holds, all its texts together.

    Args:
        ids: the texts.
        num_tokens: the tokens of each text of the vocabulary; where it is None, four bytes of UTF-8 count as one.

    Returns:
        int64 [rows].
    """
    if num_tokens is None:
        lengths = np.array([2 + len(text.encode()) // _BYTES_PER_TOKEN for text in ids.vocabulary], dtype=np.int64)
    else:
        lengths = num_tokens.astype(np.int64)
    totals = sum((lengths[column] for column in ids.columns), np.zeros(len(ids), np.int64))
    running = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths[ids.negatives])])
    return totals + running[ids.splits[1:]] - running[ids.splits[:-1]]
