"""Warm-up requests, which a server runs through a version before it answers with it.

The file is a TFRecord of `PredictionLog` protocol buffers, see
https://github.com/tensorflow/serving/blob/master/tensorflow_serving/g3doc/saved_model_warmup.md. A server refuses a
version of which one record fails.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfsiamese.errors import ExportError
from tfsiamese.reasons import first_line

if TYPE_CHECKING:
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

__all__ = [
    "MOST_WARMUP_REQUESTS",
    "WARMUP_FILE",
    "WarmupRequest",
    "read_warmup_records",
    "read_warmup_requests",
    "write_warmup_requests",
]

WARMUP_FILE = "assets.extra/tf_serving_warmup_requests"
MOST_WARMUP_REQUESTS = 1000

# A TFRecord has the length of a record and two checksums around it.
_FRAME_BYTES = 16


@dataclass(frozen=True)
class WarmupRequest:
    """One request.

    Attributes:
        signature: the name of the signature.
        inputs: for each input of the signature its texts, [batch].
    """

    signature: str
    inputs: Mapping[str, Sequence[str | bytes]]


def write_warmup_requests(folder: Path, model_name: str, requests: Sequence[WarmupRequest]) -> None:
    """Writes the requests into the version in `folder`, which must not be published yet.

    Args:
        folder: the folder of the version.
        model_name: the name of the model in each request.
        requests: at most 1,000; with none of them no file is written.

    Raises:
        ExportError: there are too many requests, or one has no texts.
        OSError: the file cannot be written.
    """
    import tensorflow as tf

    if len(requests) > MOST_WARMUP_REQUESTS:
        raise ExportError(
            f"Expected at most {MOST_WARMUP_REQUESTS} warm-up requests, as TensorFlow Serving does. "
            f"Received: {len(requests)}."
        )
    if not requests:
        return
    records = [_record(model_name, request, number) for number, request in enumerate(requests, start=1)]
    path = folder / WARMUP_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in records:
                writer.write(record)
    except tf.errors.OpError as error:  # such as a full disk
        raise OSError(f"{path} cannot be written: {error.message}") from error


def read_warmup_requests(folder: Path) -> list[WarmupRequest]:
    """The requests with texts of the version in `folder`; none where it has no such file.

    Raises:
        ExportError: as `read_warmup_records`.
    """
    return [record for record in read_warmup_records(folder) if record is not None]


def read_warmup_records(folder: Path) -> list[WarmupRequest | None]:
    """What is in each record of the version in `folder`: a request with texts, or something else that a server runs.

    Returns:
        None for a record of another kind: a classification, a regression, or tensors that are not string [batch]. A
        version without the file has no records.

    Raises:
        ExportError: the file is damaged, or has a record that a server refuses.
    """
    import tensorflow as tf

    path = folder / WARMUP_FILE
    if not path.is_file():
        return []
    records: list[WarmupRequest | None] = []
    num_bytes = 0
    try:
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            records.append(_request(record))
            num_bytes += _FRAME_BYTES + len(record)
        # A file that is cut within the length of a record ends there for TensorFlow's reader.
        if num_bytes != path.stat().st_size:
            raise ValueError(f"{path.stat().st_size - num_bytes} bytes that are no whole record")
    except (tf.errors.OpError, OSError, ValueError) as error:
        raise ExportError(
            f"{path}, record {len(records) + 1}: {first_line(error)}. TensorFlow Serving would not load the version. "
            "Export the model again."
        ) from error
    return records


def _record(model_name: str, request: WarmupRequest, number: int) -> bytes:
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    log = prediction_log_pb2.PredictionLog()
    predict = log.predict_log.request
    predict.model_spec.name = model_name
    predict.model_spec.signature_name = request.signature
    if not request.inputs:
        raise ExportError(f"Warm-up request {number} ({request.signature}) has no inputs. Expected texts for each.")
    for name, texts in request.inputs.items():
        if isinstance(texts, str | bytes) or not texts:
            raise ExportError(
                f"Warm-up request {number} ({request.signature}): expected a list of texts for {name!r}. "
                f"Received: {texts!r}."
            )
        content = [text.encode() if isinstance(text, str) else text for text in texts]
        predict.inputs[name].CopyFrom(tf.make_tensor_proto(content, dtype=tf.string, shape=[len(content)]))
    # The bytes of a map are in one order on every machine, so that an export can be repeated byte by byte.
    return log.SerializeToString(deterministic=True)


def _request(record: bytes) -> WarmupRequest | None:
    log = _parsed(record)
    kind = log.WhichOneof("log_type")
    if kind == "session_run_log":
        raise ValueError("a session_run_log, which is no warm-up request")
    predict = log.predict_log.request
    if kind != "predict_log" or not all(_is_batch_of_strings(tensor) for tensor in predict.inputs.values()):
        return None
    return WarmupRequest(
        predict.model_spec.signature_name or "serving_default",
        {name: _texts(tensor) for name, tensor in sorted(predict.inputs.items())},
    )


def _parsed(record: bytes) -> "PredictionLog":
    from google.protobuf.message import DecodeError
    from tensorflow_serving.apis import prediction_log_pb2

    try:
        return prediction_log_pb2.PredictionLog.FromString(record)
    except DecodeError as error:
        raise ValueError("not a PredictionLog") from error


def _is_batch_of_strings(tensor: Any) -> bool:
    import tensorflow as tf

    return tensor.dtype == tf.string.as_datatype_enum and len(tensor.tensor_shape.dim) == 1


def _texts(tensor: Any) -> list[str | bytes]:
    import tensorflow as tf

    return [_text(value) for value in tf.make_ndarray(tensor).tolist()]


def _text(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
