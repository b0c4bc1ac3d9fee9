"""One version of a model: loaded, warmed up, and run."""

from pathlib import Path
from typing import Any

import numpy as np

from tfsiamese.errors import TfSiameseError
from tfsiamese.servables.saved_model_file import SavedModelFile, Signature
from tfsiamese.servables.warmup import read_warmup_requests
from tfsiamese.serving.batch_queue import Tensors
from tfsiamese.serving.rest_errors import RestError

__all__ = ["ServedVersion"]


class ServedVersion:
    """A version in memory. It can be run from several threads at a time.

    Attributes:
        number: of the version.
        signatures: what it can be asked for, by name.
    """

    def __init__(self, number: int, file: SavedModelFile, loaded: Any):
        self.number = number
        self.signatures: dict[str, Signature] = file.signatures
        self._file = file
        self._loaded = loaded  # owns the variables of the functions
        self._functions = loaded.signatures
        self._metadata: dict[str, Any] | None = None

    @classmethod
    def load(cls, number: int, folder: Path) -> "ServedVersion":
        """Loads a version and runs its warm-up requests, as TensorFlow Serving does before it answers with one.

        Raises:
            RestError: it cannot be loaded, or a warm-up request fails.
        """
        import tensorflow as tf
        import tensorflow_text  # noqa: F401  its ops are in the graph

        try:
            file = SavedModelFile.read(folder)
            version = cls(number, file, tf.saved_model.load(str(folder)))
            for position, request in enumerate(read_warmup_requests(folder), start=1):
                version._warm_up(position, request.signature, request.inputs)
        except RestError:
            raise
        except tf.errors.OpError as error:
            raise RestError.from_number(error.error_code, error.message) from error
        except TfSiameseError as error:
            raise RestError("INVALID_ARGUMENT", str(error)) from error
        except Exception as error:  # such as a file that is cut off, which Keras and TensorFlow report in many ways
            raise RestError("UNKNOWN", f"{folder} cannot be loaded: {error}") from error
        return version

    def joins(self, name: str) -> bool:
        """Whether a signature takes, and gives, any number of rows."""
        signature = self.signatures[name]
        infos = [*signature.inputs.values(), *signature.outputs.values()]
        return all(info.shape is None or (info.shape and info.shape[0] is None) for info in infos)

    def run(self, name: str, inputs: Tensors) -> Tensors:
        """Runs a signature.

        Raises:
            RestError: TensorFlow refuses the inputs.
        """
        import tensorflow as tf

        infos = self.signatures[name].inputs
        try:
            tensors = {key: tf.constant(value, infos[key].dtype) for key, value in inputs.items()}
            outputs = self._functions[name](**tensors)
            return {key: np.asarray(value.numpy()) for key, value in outputs.items()}
        except tf.errors.OpError as error:
            raise RestError.from_number(error.error_code, error.message) from error

    def metadata(self) -> dict[str, Any]:
        """The signatures as TensorFlow Serving writes `SignatureDefMap` in JSON."""
        if self._metadata is None:
            from google.protobuf import json_format
            from tensorflow_serving.apis import get_model_metadata_pb2

            signatures = get_model_metadata_pb2.SignatureDefMap()
            for name in self.signatures:
                signatures.signature_def[name].CopyFrom(self._file.signature_def(name))
            self._metadata = json_format.MessageToDict(
                signatures, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
            )
        return self._metadata

    def _warm_up(self, position: int, name: str, inputs: Any) -> None:
        if name not in self.signatures:
            raise RestError("NOT_FOUND", f"Warm-up request {position}: there is no signature {name!r}.")
        try:
            self.run(name, {key: np.array(list(texts), dtype=object) for key, texts in inputs.items()})
        except RestError as error:
            raise RestError(error.code, f"Warm-up request {position} ({name}): {error.message}") from error
