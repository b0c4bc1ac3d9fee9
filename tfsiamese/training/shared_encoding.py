"""Encoding for an evaluation with all replicas of all workers."""

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from tfsiamese.encoders import Encoder
from tfsiamese.encoders.encoder import EncodedBatches
from tfsiamese.training.replicas import Replicas

__all__ = ["encoding_together"]


@contextlib.contextmanager
def encoding_together(replicas: Replicas) -> Iterator[None]:
    """A context in which `encode` of the first replica is the work of all; each worker must do the same in it."""
    if not replicas.are_many:
        yield
        return
    first = replicas.encoders[0]
    first.encodes_with = lambda texts, batch_size, prompt: _encode(replicas, texts, batch_size, prompt)
    try:
        yield
    finally:
        first.encodes_with = None


def _encode(replicas: Replicas, texts: Sequence[bytes], batch_size: int, prompt: str) -> EncodedBatches:
    """Each replica encodes every n-th text, from the longest to the shortest."""
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]), reverse=True)
    first = replicas.worker * len(replicas.encoders)
    shares = [order[first + place :: replicas.number] for place in range(len(replicas.encoders))]
    vectors = np.zeros((len(texts), replicas.encoders[0].dimension), np.float32)
    lengths = np.zeros(len(texts), np.float32)

    def encode_share(encoder: Encoder, device: str, share: list[int]) -> None:
        with tf.device(device or None):
            found = encoder.encode_distinct([texts[index] for index in share], batch_size, prompt, num_threads=1)
        vectors[share], lengths[share] = found

    with ThreadPoolExecutor(len(shares)) as pool:
        list(pool.map(encode_share, replicas.encoders, replicas.devices, shares))
    return replicas.sum_over_workers(vectors), replicas.sum_over_workers(lengths).astype(np.int32)
