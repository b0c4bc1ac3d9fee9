"""Runs an exported model where nothing of tfsiamese is at hand, as a server will."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfsiamese.errors import ExportError
from tfsiamese.export.checked_outputs import SignatureOutputs, check_outputs, relative_differences
from tfsiamese.servables import SavedModelFile, Signature
from tfsiamese.texts import utf8_texts

__all__ = ["MOST_CHECKED_TEXTS", "CheckedSignature", "check_in_fresh_process"]

_PROGRAM = Path(__file__).with_name("fresh_process.py")
_EMBEDDING_SIGNATURES = ("serving_default", "embed")
# The CPU: the calling process may hold the memory of the GPU.
_ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "-1", "KERAS_BACKEND": "tensorflow"}
_LAST_LINES = 5
MOST_CHECKED_TEXTS = 32
# Several scripts and lengths, none at all among them.
_TEXTS = ("a red house", "", "Grüße aus der kleinen Stadt am Fluss", "山の上の古い木", "and so on, " * 40)

_Runs = list[dict[str, Any]]


@dataclass(frozen=True)
class CheckedSignature:
    """A signature that ran and passed.

    Attributes:
        name: the name of the signature.
        inputs: the names of its inputs.
        outputs: the names of its outputs.
        seconds: what one run on all texts took, after runs on each of them.
        largest_difference: between a text alone and among others, over its outputs; None without an output of floats.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    seconds: float
    largest_difference: float | None


def check_in_fresh_process(
    folder: str | os.PathLike[str],
    texts: Sequence[str] = (),
    expected: np.ndarray | None = None,
    *,
    tolerance: float = 1e-4,
    timeout: float = 600.0,
) -> list[CheckedSignature]:
    """Loads a SavedModel in a new Python process by TensorFlow and tensorflow_text alone, and runs its signatures.

    Every signature whose inputs are all strings [batch] runs on each text alone and on all of them at once, on the CPU.
    Dtypes and shapes have to be those that the signature says, with the batch first; floats have to be finite, and
    within 0.0001 the same for a text alone and among others. `similarity` has to give a text and itself the cosine 1,
    and `top_k` scores that descend.

    Args:
        folder: the folder of the SavedModel.
        texts: the first 32 are used; with none, a few of no domain.
        expected: float [len(texts), dimension], what `serving_default` and `embed` have to give.
        tolerance: the largest difference from `expected` that passes; for numbers above 1, relative to them.
        timeout: seconds for all of it.

    Returns:
        One result for each signature that ran.

    Raises:
        ExportError: the SavedModel does not load, no signature takes texts, one fails or gives what it should not, or
            the process dies or takes longer than `timeout`.

    Example:
        >>> [checked.name for checked in check_in_fresh_process("models/jobs/1", ["nurse", "data scientist"])]
        ['embed', 'serving_default', 'similarity']
    """
    folder = Path(folder).absolute()
    if expected is not None and (expected.ndim != 2 or len(expected) != len(texts)):
        raise ExportError(f"Expected a vector for each of {len(texts)} texts. Received: shape {list(expected.shape)}.")
    if not len(texts):
        texts, expected = _TEXTS, None
    used = [text.decode() for text in utf8_texts(texts[:MOST_CHECKED_TEXTS])]
    signatures = {name: it for name, it in SavedModelFile.read(folder).signatures.items() if it.takes_texts}
    if not signatures:
        raise ExportError(f"{folder} has no signature whose inputs are all strings [batch]. Nothing can be checked.")
    runs = {name: _runs(name, signature, used) for name, signature in signatures.items()}
    results = iter(_run_in_fresh_process(folder, [run for of_one in runs.values() for run in of_one], timeout))
    checked = []
    for name, signature in signatures.items():
        outputs = _gathered([next(results) for _ in runs[name]], len(used))
        difference = check_outputs(name, signature, outputs)
        if expected is not None and name in _EMBEDDING_SIGNATURES:
            _check_expected(name, outputs.together, expected[:MOST_CHECKED_TEXTS], tolerance)
        checked.append(
            CheckedSignature(name, tuple(signature.inputs), tuple(signature.outputs), outputs.seconds, difference)
        )
    return checked


def _runs(name: str, signature: Signature, texts: list[str]) -> _Runs:
    """Each text alone, all at once, and, for several inputs, the same texts in all of them.

    The first input is given the texts as they are, the second one turned by one, and so on.
    """
    turned = {key: i % len(texts) for i, key in enumerate(signature.inputs)}
    together = {key: texts[first:] + texts[:first] for key, first in turned.items()}
    batches = [{key: [values[i]] for key, values in together.items()} for i in range(len(texts))] + [together]
    if len(turned) > 1:
        batches.append(dict.fromkeys(turned, texts))
    return [{"signature": name, "inputs": batch} for batch in batches]


@dataclass(frozen=True)
class _Result:
    outputs: Mapping[str, np.ndarray]
    dtypes: Mapping[str, str]
    seconds: float


def _gathered(results: list[_Result], num_texts: int) -> SignatureOutputs:
    together = results[num_texts]
    with_themselves = results[num_texts + 1].outputs if len(results) > num_texts + 1 else None
    alone = [result.outputs for result in results[:num_texts]]
    return SignatureOutputs(together.outputs, alone, with_themselves, together.dtypes, together.seconds)


def _check_expected(name: str, outputs: Mapping[str, np.ndarray], expected: np.ndarray, tolerance: float) -> None:
    vectors = outputs.get("embeddings")
    if vectors is None or vectors.shape != expected.shape:
        shape = "none" if vectors is None else list(vectors.shape)
        raise ExportError(
            f"Signature {name!r}: expected embeddings of shape {list(expected.shape)}. Received: {shape}."
        )
    differences = relative_differences(vectors, expected).max(axis=1)
    if not (differences <= tolerance).all():
        row = int(np.argmax(~(differences <= tolerance)))
        raise ExportError(
            f"Signature {name!r} gives other vectors than the encoder that was exported: they differ by "
            f"{differences[row]:.2e} at text {row}, and at most {tolerance:.2e} was expected. Export the model again."
        )


def _run_in_fresh_process(folder: Path, runs: _Runs, timeout: float) -> Iterator[_Result]:
    with tempfile.TemporaryDirectory(prefix="tfsiamese-check-") as name:
        work = Path(name)
        (work / "request.json").write_text(json.dumps({"folder": str(folder), "runs": runs}), encoding="utf-8")
        _start_and_wait(work, folder, timeout)
        result = json.loads((work / "result.json").read_text(encoding="utf-8"))
        if "error" in result:
            where = result["error"]["signature"]
            what = f"signature {where!r} does not run" if where else "it does not load"
            raise ExportError(f"{folder}: in a fresh process {what}: {result['error']['reason']}")
        with np.load(work / "outputs.npz") as arrays:
            for number, (dtypes, seconds) in enumerate(zip(result["dtypes"], result["seconds"], strict=True)):
                yield _Result({key: arrays[f"{number}/{key}"] for key in dtypes}, dtypes, seconds)


def _start_and_wait(work: Path, folder: Path, timeout: float) -> None:
    # The program is given as text, and the working folder is an empty one, so that no neighbour of either can be
    # imported by mistake.
    command = [sys.executable, "-c", _PROGRAM.read_text(encoding="utf-8"), str(work)]
    empty, errors = work / "empty", work / "errors.txt"
    empty.mkdir()
    with errors.open("wb") as said:
        try:
            status = subprocess.run(
                command,
                cwd=empty,
                env=os.environ | _ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                timeout=timeout,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            raise ExportError(
                f"{folder}: {_current(work)} took longer than {timeout:g} s in a fresh process. Run it again where the "
                "processor is idle or faster, or without --check (check=False)."
            ) from None
    if status < 0:
        raise ExportError(
            f"{folder}: a fresh process was killed by {signal.Signals(-status).name} during {_current(work)}. "
            f"{_last_lines(errors)}"
        )
    if status > 0 or not (work / "result.json").is_file():
        raise ExportError(
            f"{folder}: a fresh process ended with status {status} during {_current(work)}. {_last_lines(errors)}"
        )


def _current(work: Path) -> str:
    path = work / "current.txt"
    return f"signature {path.read_text(encoding='utf-8')!r}" if path.is_file() else "loading"


def _last_lines(errors: Path) -> str:
    lines = [line for line in errors.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return "It said: " + " | ".join(lines[-_LAST_LINES:]) if lines else "It said nothing."
