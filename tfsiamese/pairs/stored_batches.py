"""Batches of stored examples: texts are read as batches want them."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfsiamese.pairs.batches import Batch, Encode, ExampleBatches
from tfsiamese.pairs.sampling import BatchSampler
from tfsiamese.pairs.store import ranges
from tfsiamese.pairs.stored_examples import StoredExamples
from tfsiamese.pairs.text_hashes import mixed

__all__ = ["StoredBatches", "StoredLabels", "StoredPrompts", "tokens_of_stored_rows"]

_BYTES_PER_TOKEN = 4
_MOST_TEXTS = 10_000


class StoredLabels:
    """What a loss reads beside embeddings, read from a store as it is wanted.

    Args:
        examples: the rows.
        kind: "scores" (float32, one a row; of triplets one for the positive and each negative, row after row) or
            "groups" (int64, one a row, the same number for the same group).
    """

    def __init__(self, examples: StoredExamples, kind: str):
        self._examples = examples
        self._is_groups = kind == "groups"
        self.dtype = np.dtype(np.int64 if self._is_groups else np.float32)

    def of_rows(self, rows: NDArray[np.int64]) -> NDArray[np.generic]:
        """The labels of some rows, [rows] or [rows + all their negatives]."""
        store, found = self._examples.store, self._examples.store_rows(rows)
        if self._is_groups:
            return store.group_hashes(found).view(np.int64)
        return store.scores(found).astype(np.float32)

    def blocks(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.generic]]]:
        """Yields all rows in their order, some thousand at a time, with their labels."""
        return ((rows, self.of_rows(rows)) for rows in self._examples.blocks())


class StoredPrompts(NamedTuple):
    """What stands before the texts of each side."""

    query_prompt: str = ""
    passage_prompt: str = ""


class StoredBatches(ExampleBatches):
    """Stored examples as batches; no more than those of a batch are in memory.

    `Batch.numbers` are the numbers of texts in the store, for each text of the batch one of its places there.

    Args:
        examples: the rows.
        labels: of them; None for zeros.
        sampler: cuts an epoch into batches.
        query_prompt: stands before anchors and left texts.
        passage_prompt: stands before positives, negatives and right texts.
    """

    def __init__(
        self,
        examples: StoredExamples,
        labels: StoredLabels | None,
        sampler: BatchSampler,
        query_prompt: str = "",
        passage_prompt: str = "",
    ):
        self._examples = examples
        self._stored_labels = labels
        self._prompts = query_prompt.encode(), passage_prompt.encode()
        self._set_sampler(sampler, len(examples))

    @property
    def num_texts(self) -> int:
        """The texts of all rows, however often each occurs."""
        return 2 * len(self._examples) + self._examples.num_negatives

    @property
    def vocabulary(self) -> list[str]:
        """The distinct texts of up to 10,000, with their prompts: all would not fit into memory."""
        return self._some_texts(_MOST_TEXTS, 0, with_prompts=True)

    @property
    def plain_vocabulary(self) -> list[str]:
        """The same without their prompts."""
        return self.some_texts(_MOST_TEXTS, 0)

    def some_texts(self, count: int, seed: int = 0) -> list[str]:
        """See `ExampleBatches`."""
        return self._some_texts(count, seed, with_prompts=False)

    def vectors_of(self, batch: Batch, encode: Encode) -> NDArray[np.float32]:
        """See `ExampleBatches`; here `encode` is called for the texts of each batch."""
        return encode([text.decode() for text in self._examples.store.texts(batch.numbers.numpy())])

    def gather(self, rows: NDArray[np.int64]) -> Batch:
        """The batch of these rows."""
        store, found = self._examples.store, self._examples.store_rows(rows)
        firsts, counts = store.first_texts(found), store.text_counts(found) - 2
        numbers = np.concatenate([firsts, firsts + 1, ranges(firsts + 2, counts)])
        query, passage = self._prompts
        places: dict[bytes, int] = {}
        positions = np.empty(len(numbers), np.int64)
        first_numbers: list[int] = []
        for place, (number, text) in enumerate(zip(numbers.tolist(), store.texts(numbers), strict=True)):
            text = (query if place < len(rows) else passage) + text
            positions[place] = position = places.setdefault(text, len(places))
            if position == len(first_numbers):
                first_numbers.append(number)
        labels = np.zeros(len(rows), np.float32) if self._stored_labels is None else self._stored_labels.of_rows(rows)
        texts, distinct = tf.constant(list(places), tf.string), np.array(first_numbers, np.int64)
        return Batch(texts, tf.constant(positions), tf.constant(counts), tf.constant(labels), tf.constant(distinct))

    def _some_texts(self, count: int, seed: int, with_prompts: bool) -> list[str]:
        """The texts whose hashes come first after mixing them with the seed: no order of the rows changes that."""
        store = self._examples.store
        keys, numbers = np.empty(0, np.uint64), np.empty(0, np.int64)
        for block in self._examples.blocks():
            rows = self._examples.store_rows(block)
            places = ranges(store.first_texts(rows), store.text_counts(rows))
            keys, first = np.unique(np.append(keys, mixed(store.hashes(places), seed)), return_index=True)
            numbers = np.append(numbers, places)[first][:count]
            keys = keys[:count]
        texts = store.texts(numbers)
        if with_prompts:
            prompts = (self._prompts[0 if is_first else 1] for is_first in store.is_first_text(numbers))
            texts = [prompt + text for prompt, text in zip(prompts, texts, strict=True)]
        return [text.decode() for text in texts]


def tokens_of_stored_rows(
    examples: StoredExamples, prompts: StoredPrompts, num_tokens: Callable[[list[str]], NDArray[np.integer] | None]
) -> NDArray[np.int32]:
    """How many tokens each row holds, all its texts together: int32 [rows].

    Args:
        examples: the rows.
        prompts: what stands before their texts.
        num_tokens: the tokens of texts, [n]; None where they are not known: four bytes of UTF-8 then count as one.
    """
    costs = np.empty(len(examples), np.int32)
    knows_tokens = num_tokens([""]) is not None
    for block in examples.blocks():
        store, rows = examples.store, examples.store_rows(block)
        firsts, counts = store.first_texts(rows), store.text_counts(rows)
        numbers = ranges(firsts, counts)
        is_first = np.zeros(len(numbers), bool)
        is_first[np.cumsum(counts) - counts] = True
        if knows_tokens:
            before = (prompts[0 if first else 1] for first in is_first.tolist())
            texts = [prompt + text.decode() for prompt, text in zip(before, store.texts(numbers), strict=True)]
            tokens = np.asarray(num_tokens(texts), np.int64)
        else:
            of_prompts = np.array([len(prompt.encode()) for prompt in prompts], np.int64)
            lengths = store.text_lengths(numbers) + np.where(is_first, *of_prompts)
            tokens = 2 + lengths // _BYTES_PER_TOKEN
        costs[block] = np.add.reduceat(tokens, np.cumsum(counts) - counts)
    return costs
