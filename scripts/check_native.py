"""Python's side of check_native.sh: runs the signatures of a SavedModel and writes what they give, for C to compare.

Needs TensorFlow and tensorflow_text alone. Every signature is run whose inputs are all strings [batch]: on all texts at
once, and on one text alone. Usage: `python check_native.py FOLDER CASES [TEXTS.txt]`.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
import tensorflow_text  # noqa: F401  # registers its ops
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

TEXTS = (
    "data scientist",
    "",
    "   ",
    "Krankenpfleger (m/w/d) für Früh- und Spätdienst in Zürich",
    "機械学習エンジニアを募集しています。",
    "مهندس برمجيات",
    "👩‍🔬🧪 naïve café — ½ ﬁsh",
    "a\tb\nc\0d",
    "the nurse on the night shift writes down what the doctor said. " * 40,
    "x" * 700,
)


def main() -> None:
    if len(sys.argv) not in (3, 4):
        sys.exit("expected the arguments FOLDER CASES [TEXTS.txt]")
    folder, cases = Path(sys.argv[1]), Path(sys.argv[2])
    texts = read_texts(Path(sys.argv[3])) if len(sys.argv) == 4 else list(TEXTS)
    signatures = read_signatures(folder / "saved_model.pb")
    if "serving_default" not in signatures:
        sys.exit(f"{folder} has no signature serving_default over strings [batch]; usable are {sorted(signatures)}")
    try:
        loaded = tf.saved_model.load(str(folder)).signatures
    except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
        sys.exit(f"{folder} cannot be loaded by Python: {error}")
    with cases.open("wb") as file:
        for name, signature in signatures.items():
            for inputs in inputs_of_runs(signature, texts):
                try:
                    outputs = loaded[name](**{key: tf.constant(values) for key, values in inputs.items()})
                except tf.errors.OpError as error:
                    sys.exit(f"signature {name} does not run in Python: {error.message.splitlines()[0]}")
                write_run(file, name, signature, inputs, outputs)


def read_texts(path: Path) -> list[str]:
    try:
        texts = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        sys.exit(f"{path} cannot be read as UTF-8 text: {error}")
    return texts or sys.exit(f"{path} holds no text")


def read_signatures(path: Path) -> dict[str, SignatureDef]:
    """The signatures under the tag `serve` whose inputs are all strings [batch], serving_default first."""
    try:
        model = SavedModel.FromString(path.read_bytes())
    except (OSError, DecodeError) as error:
        sys.exit(f"{path} cannot be read as a SavedModel: {error}")
    graphs = [graph for graph in model.meta_graphs if "serve" in graph.meta_info_def.tags]
    if not graphs:
        sys.exit(f"{path} holds no graph with the tag serve")
    definitions = graphs[0].signature_def
    names = sorted(definitions, key=lambda name: (name != "serving_default", name))
    return {name: definitions[name] for name in names if takes_texts(definitions[name])}


def takes_texts(signature: SignatureDef) -> bool:
    tensors = [*signature.inputs.values()]
    return bool(tensors) and all(
        tensor.dtype == tf.string.as_datatype_enum and len(tensor.tensor_shape.dim) == 1 for tensor in tensors
    )


def inputs_of_runs(signature: SignatureDef, texts: list[str]) -> Iterator[dict[str, list[bytes]]]:
    """All texts at once, then the first alone; the second input gets them turned by one, and so on."""
    encoded = [text.encode() for text in texts]
    for batch in (encoded, encoded[:1]):
        turned = {name: i % len(batch) for i, name in enumerate(sorted(signature.inputs))}
        yield {name: batch[first:] + batch[:first] for name, first in turned.items()}


def write_run(
    file: BinaryIO, name: str, signature: SignatureDef, inputs: Mapping[str, list[bytes]], outputs: Mapping[str, Any]
) -> None:
    file.write(f"run {name} {len(inputs)} {len(signature.outputs)}\n".encode())
    for key, values in inputs.items():
        write_tensor(file, key, signature.inputs[key].name, tf.constant(values))
    for key in sorted(signature.outputs):
        write_tensor(file, key, signature.outputs[key].name, outputs[key])


def write_tensor(file: BinaryIO, name: str, place: str, tensor: tf.Tensor) -> None:
    operation, _, index = place.rpartition(":")
    if not operation:
        sys.exit(f"{name} is no dense tensor, and only those are compared here")
    header = ["tensor", name, operation, index, tensor.dtype.as_datatype_enum, len(tensor.shape), *tensor.shape]
    file.write((" ".join(map(str, header)) + "\n").encode())
    values = tensor.numpy()
    if tensor.dtype != tf.string:
        file.write(np.ascontiguousarray(values).tobytes())
        return
    for text in values.ravel():
        file.write(len(text).to_bytes(8, sys.byteorder) + text)


if __name__ == "__main__":
    main()
