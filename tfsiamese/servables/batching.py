"""`batching_parameters.txt`: how a server forms batches of concurrent requests.

The file is a `BatchingParameters` protocol buffer in text format, whose definition is in
https://github.com/tensorflow/serving/blob/master/tensorflow_serving/servables/tensorflow/session_bundle_config.proto;
tensorflow-serving-api has no Python module of it, so that the message is described here.
"""

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2

from tfsiamese.errors import ExportError
from tfsiamese.files import publish_file

__all__ = [
    "BATCHING_PARAMETERS_FILE",
    "BatchingParameters",
    "batch_sizes_up_to",
    "read_batching_parameters",
    "write_batching_parameters",
]

BATCHING_PARAMETERS_FILE = "batching_parameters.txt"

_HEADER = "# Read by tensorflow_model_server --batching_parameters_file, together with --enable_batching.\n"
_NUMBERS = ("max_batch_size", "batch_timeout_micros", "max_enqueued_batches", "num_batch_threads")


@dataclass(frozen=True)
class BatchingParameters:
    """What the file sets.

    Attributes:
        max_batch_size: the most rows of a batch, and of a single request too; at least 1.
        batch_timeout_micros: how long the first request of a batch waits for others, in microseconds; at least 0.
        max_enqueued_batches: how many batches may wait; further requests are refused as unavailable. At least 1.
        num_batch_threads: how many batches run at a time; at least 1.
        allowed_batch_sizes: a batch is padded up to the next of these; ascending, and the last is `max_batch_size`.
            Empty: any size.

    Raises:
        ExportError: a value is out of its range, which would keep TensorFlow Serving from loading the model.
    """

    max_batch_size: int = 64
    batch_timeout_micros: int = 2000
    max_enqueued_batches: int = 100
    num_batch_threads: int = 2
    allowed_batch_sizes: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)

    def __post_init__(self) -> None:
        for name in _NUMBERS:
            value, least = getattr(self, name), 0 if name == "batch_timeout_micros" else 1
            if type(value) is not int or value < least:
                raise ExportError(f"Expected {name} to be an integer of at least {least}. Received: {value!r}.")
        sizes = self.allowed_batch_sizes
        if any(type(size) is not int or size < 1 for size in sizes) or list(sizes) != sorted(set(sizes)):
            raise ExportError(
                f"Expected allowed_batch_sizes to be positive integers in ascending order. Received: {sizes!r}."
            )
        if sizes and sizes[-1] != self.max_batch_size:
            raise ExportError(
                f"Expected the last of allowed_batch_sizes to be max_batch_size, {self.max_batch_size}. "
                f"Received: {sizes!r}."
            )


def batch_sizes_up_to(maximum: int) -> tuple[int, ...]:
    """The powers of two below `maximum`, and `maximum`: sizes that pad a batch to less than twice its rows."""
    return (*(2**power for power in range(max(maximum - 1, 0).bit_length())), maximum)


def read_batching_parameters(base: Path) -> BatchingParameters | None:
    """What `base/batching_parameters.txt` sets; None where there is no such file.

    What it leaves out is what TensorFlow Serving takes then: batches of up to 1,000 rows, no waiting, 10 batches in the
    queue, one thread a processor, any batch size.

    Raises:
        ExportError: the file is damaged, or a value is out of its range.
    """
    message = _read(base)
    if message is None:
        return None
    unset = {"max_batch_size": 1000, "batch_timeout_micros": 0, "max_enqueued_batches": 10}
    unset["num_batch_threads"] = os.cpu_count() or 1
    numbers = {name: getattr(message, name).value if message.HasField(name) else unset[name] for name in _NUMBERS}
    try:
        return BatchingParameters(**numbers, allowed_batch_sizes=tuple(message.allowed_batch_sizes))
    except ExportError as error:
        raise ExportError(f"{base / BATCHING_PARAMETERS_FILE}: {error}") from error


def write_batching_parameters(base: Path, parameters: BatchingParameters) -> None:
    """Writes `base/batching_parameters.txt`, which changes in one step.

    What else the file sets, such as `thread_pool_name`, stays.

    Raises:
        ExportError: the file that is there is damaged, or cannot be replaced.
    """
    message = _read(base) or _message_class()()
    for name in _NUMBERS:
        getattr(message, name).value = getattr(parameters, name)
    message.ClearField("allowed_batch_sizes")
    message.allowed_batch_sizes.extend(parameters.allowed_batch_sizes)
    try:
        with publish_file(base / BATCHING_PARAMETERS_FILE) as temporary:
            temporary.write_text(_HEADER + text_format.MessageToString(message), encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{base / BATCHING_PARAMETERS_FILE} cannot be written: {error.strerror or error}.") from error


def _read(base: Path) -> Any:
    """The message in the file; None where there is no such file."""
    path = base / BATCHING_PARAMETERS_FILE
    try:
        return text_format.Parse(path.read_text(encoding="utf-8"), _message_class()())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, text_format.ParseError) as error:
        raise ExportError(
            f"{path} cannot be read as BatchingParameters in text format ({error}). Correct or delete the file."
        ) from error


@functools.cache
def _message_class() -> Any:
    """The class of `tensorflow.serving.BatchingParameters`, in a pool of its own."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="tfsiamese/batching_parameters.proto",
        package="tensorflow.serving",
        syntax="proto3",
        dependency=[wrappers_pb2.DESCRIPTOR.name],
    )
    message = file.message_type.add(name="BatchingParameters")
    wrapped = dict.fromkeys(_NUMBERS, "Int64Value") | {"thread_pool_name": "StringValue"}
    for number, (name, kind) in enumerate(wrapped.items(), start=1):
        message.field.add(
            name=name,
            number=number,
            type=field.TYPE_MESSAGE,
            type_name=f".google.protobuf.{kind}",
            label=field.LABEL_OPTIONAL,
        )
    message.field.add(name="allowed_batch_sizes", number=6, type=field.TYPE_INT64, label=field.LABEL_REPEATED)
    message.field.add(name="pad_variable_length_inputs", number=7, type=field.TYPE_BOOL, label=field.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.serving.BatchingParameters"))
