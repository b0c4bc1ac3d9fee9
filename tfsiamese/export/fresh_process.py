"""Runs signatures of a SavedModel by TensorFlow and tensorflow_text alone.

A program of its own that `tfsiamese.export.checking` starts; nothing imports it, and it imports nothing of tfsiamese.

It is given a folder that holds `request.json`: `folder`, the SavedModel, and `runs`, a list of `signature` and `inputs`
(for each its texts). It writes there `current.txt`, the signature that is running; then `outputs.npz`, each output
under `<run>/<name>`; and at last `result.json`: either `seconds` and `dtypes` (one entry a run), or `error`
(`signature`, null where the SavedModel does not load, and `reason`).
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_text

# What a server does not have; to find one of them means that loading the SavedModel needed it.
_STRANGERS = {"tfsiamese", "tensorflow_hub", "tf_keras"}
_ERRORS = (tf.errors.OpError, OSError, ValueError, TypeError, KeyError, AttributeError)


def main() -> None:
    """Runs what the request in the folder `sys.argv[1]` asks for."""
    work = Path(sys.argv[1])
    request = json.loads((work / "request.json").read_text(encoding="utf-8"))
    result = _run_all(work, request["folder"], request["runs"])
    (work / "result.json").write_text(json.dumps(result), encoding="utf-8")


def _run_all(work: Path, folder: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    current = work / "current.txt"
    try:
        model = tf.saved_model.load(folder)
    except _ERRORS as error:
        return _failure(None, error)
    arrays: dict[str, Any] = {}
    seconds, dtypes = [], []
    for number, run in enumerate(runs):
        current.write_text(run["signature"], encoding="utf-8")
        try:
            inputs = {name: tf.constant(texts, tf.string) for name, texts in run["inputs"].items()}
            start = time.monotonic()
            outputs = {name: _as_array(value) for name, value in model.signatures[run["signature"]](**inputs).items()}
        except _ERRORS as error:
            return _failure(run["signature"], error)
        seconds.append(time.monotonic() - start)
        dtypes.append({name: dtype for name, (_, dtype) in outputs.items()})
        arrays |= {f"{number}/{name}": array for name, (array, _) in outputs.items()}
    strangers = sorted(_STRANGERS & {name.partition(".")[0] for name in sys.modules})
    if strangers:
        return _failure(None, ImportError(f"{', '.join(strangers)} was imported, which a server does not have"))
    np.savez(work / "outputs.npz", **arrays)
    return {"seconds": seconds, "dtypes": dtypes, "tensorflow_text": tensorflow_text.__version__}


def _as_array(value: tf.Tensor) -> tuple[np.ndarray, str]:
    """The values in a dtype that numpy writes without pickling, and TensorFlow's name of the dtype."""
    array = value.numpy()
    if value.dtype == tf.string:
        array = np.asarray(array, dtype=bytes)
    elif value.dtype == tf.bfloat16:
        array = array.astype(np.float32)
    return array, value.dtype.name


def _failure(signature: str | None, error: Exception) -> dict[str, Any]:
    message = error.message if isinstance(error, tf.errors.OpError) else str(error)
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return {"error": {"signature": signature, "reason": lines[0] if lines else type(error).__name__}}


if __name__ == "__main__":
    main()
