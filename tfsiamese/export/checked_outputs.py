"""What holds for the outputs of every signature, whatever model it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tfsiamese.errors import ExportError
from tfsiamese.servables import Signature, TensorInfo

__all__ = ["SignatureOutputs", "check_outputs", "relative_differences"]

_TOLERANCE = 1e-4


@dataclass(frozen=True)
class SignatureOutputs:
    """What one signature gave.

    Attributes:
        together: the outputs for all texts at once, each [batch, …].
        alone: for each text its outputs, each [1, …].
        with_themselves: the outputs where every input was given the same texts; None where there is one input.
        dtypes: of the outputs as TensorFlow names them.
        seconds: what all texts at once took.
    """

    together: Mapping[str, np.ndarray]
    alone: list[Mapping[str, np.ndarray]]
    with_themselves: Mapping[str, np.ndarray] | None
    dtypes: Mapping[str, str]
    seconds: float


def check_outputs(name: str, signature: Signature, outputs: SignatureOutputs) -> float | None:
    """Checks dtypes, shapes, finiteness, and that a text alone gives what it gives among others.

    Besides, `cosine` of the signature `similarity` is 1 for a text and itself, and `scores` of `top_k` descend.

    Returns:
        The largest difference between a text alone and among others; None without an output of floats.

    Raises:
        ExportError: one of these does not hold; it names the signature and the output.
    """
    batch = len(outputs.alone)
    for key, info in signature.outputs.items():
        if key not in outputs.together:
            raise _error(name, f"has no output {key!r}")
        _check_dtype(name, key, info, outputs.dtypes[key])
        _check_shape(name, key, info, outputs.together[key], batch)
        for row in outputs.alone:
            _check_shape(name, key, info, row[key], 1)
    for key, values in _floats(outputs.together).items():
        if not np.isfinite(values).all():
            raise _error(name, f"gives {key} that are not finite (row {_first_bad_row(~np.isfinite(values))})")
    if name == "similarity" and outputs.with_themselves is not None:
        _check_same_texts(name, outputs.with_themselves)
    if name == "top_k":
        _check_descending(name, outputs.together)
    return _largest_difference(name, outputs)


def _error(name: str, what: str) -> ExportError:
    return ExportError(f"Signature {name!r} {what}. Export the model again, or leave that signature out.")


def _check_dtype(name: str, key: str, info: TensorInfo, dtype: str) -> None:
    if dtype != info.dtype:
        raise _error(name, f"gives {key} as {dtype}, and says {info.dtype}")


def _check_shape(name: str, key: str, info: TensorInfo, values: np.ndarray, batch: int) -> None:
    if values.ndim == 0 or len(values) != batch:
        raise _error(name, f"gives {key} of shape {list(values.shape)} for {batch} texts: the batch must come first")
    if info.shape is None:
        return
    fits = len(info.shape) == values.ndim and all(
        said is None or said == size for said, size in zip(info.shape, values.shape, strict=True)
    )
    if not fits:
        said = ["batch" if size is None else size for size in info.shape]
        raise _error(name, f"gives {key} of shape {list(values.shape)}, and says {said}")


def _check_same_texts(name: str, outputs: Mapping[str, np.ndarray]) -> None:
    cosine = outputs.get("cosine")
    # A zero vector has the cosine 0 with everything, itself too.
    wrong = np.zeros(0, bool) if cosine is None else (np.abs(cosine - 1) > _TOLERANCE) & (cosine != 0)
    if cosine is not None and (wrong.any() or np.isnan(cosine).any()):
        row = _first_bad_row(wrong | np.isnan(cosine))
        raise _error(name, f"gives a text and itself the cosine {cosine[row]:.6f} (row {row}), and not 1")


def _check_descending(name: str, outputs: Mapping[str, np.ndarray]) -> None:
    scores = outputs.get("scores")
    if scores is None or scores.ndim != 2:
        raise _error(name, "has no scores [batch, k]")
    rising = np.atleast_1d((np.diff(scores, axis=1) > 0).any(axis=1))
    if rising.any():
        raise _error(name, f"gives scores that do not descend (row {_first_bad_row(rising)})")


def _largest_difference(name: str, outputs: SignatureOutputs) -> float | None:
    differences = []
    for key, together in _floats(outputs.together).items():
        alone = np.concatenate([row[key] for row in outputs.alone])
        difference = relative_differences(alone, together)
        passed = np.atleast_1d(difference <= _TOLERANCE)  # NaN does not
        if not passed.all():
            row = _first_bad_row(~passed)
            raise _error(
                name, f"gives other {key} for text {row} alone than among others (difference {difference.max():.2e})"
            )
        differences.append(float(difference.max(initial=0.0)))
    return max(differences, default=None)


def relative_differences(values: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Absolute differences; of numbers above 1, such as parts of vectors without a unit length, relative to them."""
    return np.asarray(np.abs(values - expected) / np.maximum(1.0, np.abs(expected)))


def _floats(outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {key: values for key, values in outputs.items() if np.issubdtype(values.dtype, np.floating)}


def _first_bad_row(bad: np.ndarray) -> int:
    return int(np.argwhere(bad)[0][0])
