"""Which requests warm a version up: every signature that takes texts, at every batch size that will be served."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tfsiamese.errors import ExportError
from tfsiamese.reasons import first_line
from tfsiamese.servables import MOST_WARMUP_REQUESTS, Signature, WarmupRequest
from tfsiamese.texts import utf8_texts

__all__ = ["checked_requests", "warmup_requests"]

_MOST_TEXTS = 1024


def warmup_requests(
    signatures: Mapping[str, Signature], texts: Sequence[str], batch_sizes: Sequence[int]
) -> list[WarmupRequest]:
    """One request for each signature whose inputs are all string [batch], at each of the batch sizes.

    The texts are taken in turn, a long one after a short one, so that every batch but the smallest has both. The same
    arguments give the same requests. Where there would be more than 1,000, the largest batches are left out.

    Args:
        signatures: those of the exported SavedModel.
        texts: real texts, at least one; repeated where there are too few, and a sample of all lengths where there are
            many.
        batch_sizes: the sizes that the server forms, positive integers.

    Raises:
        ExportError: there is no text, or a batch size is not a positive integer.
    """
    if not texts:
        raise ExportError("Expected at least one text to warm the model up with. Received none.")
    if not batch_sizes or any(type(size) is not int or size < 1 for size in batch_sizes):
        raise ExportError(f"Expected the batch sizes to be positive integers. Received: {batch_sizes!r}.")
    supply = itertools.cycle(_short_and_long([text.decode() for text in utf8_texts(texts)]))
    requests = [
        WarmupRequest(name, {each: list(itertools.islice(supply, size)) for each in sorted(signature.inputs)})
        for size in sorted(set(batch_sizes))
        for name, signature in sorted(signatures.items())
        if signature.takes_texts
    ]
    return requests[:MOST_WARMUP_REQUESTS]


def checked_requests(
    signatures: Mapping[str, Callable[..., Mapping[str, Any]]], requests: Sequence[WarmupRequest]
) -> list[WarmupRequest]:
    """Runs each request, and returns them all if none fails.

    A server refuses a version of which one warm-up request fails, and its batching takes each output apart by rows.

    Args:
        signatures: those of the loaded SavedModel, `tf.saved_model.load(folder).signatures`.
        requests: the requests that are to be written.

    Raises:
        ExportError: a request names no signature, fails, or has an output that is not one row for each text; with the
            number of the record and the signature.
    """
    for number, request in enumerate(requests, start=1):
        try:
            _run(signatures, request)
        except Exception as error:
            raise ExportError(
                f"Warm-up record {number}, signature {request.signature!r}: {_what_failed(error)}. TensorFlow Serving "
                "would not load the version, so that it was not written."
            ) from error
    return list(requests)


def _short_and_long(texts: Sequence[str]) -> Iterator[str]:
    """A sample of the texts that covers all lengths: the longest, the shortest, the second longest and so on."""
    ascending = sorted(dict.fromkeys(texts), key=lambda text: (len(text), text))
    count = min(len(ascending), _MOST_TEXTS)
    last = max(count - 1, 1)
    sample = [ascending[index * (len(ascending) - 1) // last] for index in range(count)]
    half = count // 2
    for short, long in zip(sample[:half], reversed(sample[half:]), strict=False):
        yield long
        yield short
    if count % 2:
        yield sample[half]


def _run(signatures: Mapping[str, Callable[..., Mapping[str, Any]]], request: WarmupRequest) -> None:
    import tensorflow as tf

    if request.signature not in signatures:
        raise ValueError("the SavedModel has no such signature")
    inputs = {name: tf.constant(list(texts), dtype=tf.string) for name, texts in request.inputs.items()}
    rows = {name: len(texts) for name, texts in request.inputs.items()}
    for name, output in signatures[request.signature](**inputs).items():
        if output.shape.rank == 0 or any(output.shape[0] != count for count in rows.values()):
            shape = list(output.shape)
            raise ValueError(f"the output {name!r} has the shape {shape}, expected a row for each of the texts, {rows}")


def _what_failed(error: Exception) -> str:
    """One line; TensorFlow puts what failed in a graph behind the node's traceback and before its name."""
    lines = [line.strip() for line in str(getattr(error, "message", error)).splitlines() if line.strip()]
    before_node = list(itertools.takewhile(lambda line: not line.startswith("[[{{node"), lines))
    if len(before_node) < len(lines) and before_node:
        return before_node[-1].rstrip(".")
    return first_line(error).rstrip(".")
