"""The texts of a mining task, each distinct one once, and the positions that rows point at."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfsiamese.errors import DataError
from tfsiamese.mining.known_positives import KnownPositives, find_known_positives
from tfsiamese.pairs import Examples, Triplets

__all__ = ["MiningTask", "mining_task", "required_triplets"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class MiningTask:
    """What is to be mined.

    Attributes:
        anchors: the distinct anchors [a].
        texts: the distinct texts of the corpus, and after them the positives that are not among them.
        corpus_size: the first so many `texts` may become negatives.
        row_anchors: the position of each row's anchor in `anchors`, int64 [rows].
        row_positives: the position of each row's positive in `texts`, int64 [rows].
        known: which texts of the corpus are no negatives of an anchor.
    """

    anchors: list[str]
    texts: list[str]
    corpus_size: int
    row_anchors: NDArray[np.int64]
    row_positives: NDArray[np.int64]
    known: KnownPositives


def mining_task(examples: Triplets, corpus: Sequence[str] | None) -> MiningTask:
    """Collects anchors, corpus (by default the positives) and what is known of them.

    Raises:
        DataError: the corpus is not a list of texts, or holds none.
    """
    positives = examples.positives
    minable = list(dict.fromkeys(positives if corpus is None else _usable(corpus)))
    positions = {text: position for position, text in enumerate(dict.fromkeys([*minable, *positives]))}
    anchors = {text: position for position, text in enumerate(dict.fromkeys(examples.anchors))}
    minable_positions = {text: position for position, text in enumerate(minable)}
    return MiningTask(
        anchors=list(anchors),
        texts=list(positions),
        corpus_size=len(minable),
        row_anchors=np.array([anchors[text] for text in examples.anchors], np.int64),
        row_positives=np.array([positions[text] for text in positives], np.int64),
        known=find_known_positives(examples, anchors, minable_positions),
    )


def required_triplets(examples: Examples) -> Triplets:
    """Returns examples that are rows of an anchor and a positive.

    Raises:
        DataError: they have another shape, or there are none.
    """
    if not isinstance(examples, Triplets):
        raise DataError(
            f"Negatives are mined for rows of an anchor and a positive. Received: {type(examples).__name__}. "
            "Expected Triplets: name the columns anchor and positive."
        )
    if not len(examples):
        raise DataError(f"{examples.source} holds no rows. Expected at least one anchor with a positive.")
    return examples


def _usable(corpus: Sequence[str]) -> list[str]:
    if isinstance(corpus, (str, bytes)) or not all(isinstance(text, str) for text in corpus):
        raise DataError("The corpus is not a list of texts. Expected one: put a single text in a list.")
    texts = [text for text in corpus if text.strip()]
    if not texts:
        raise DataError("The corpus holds no text. Expected at least one that may become a negative.")
    if len(texts) < len(corpus):
        logger.warning("%d blank texts of the corpus are left out.", len(corpus) - len(texts))
    return texts
