"""Numbered versions of a SavedModel, as TensorFlow Serving reads them."""

import os
import re
from pathlib import Path

from tfsiamese.encoders import Encoder, is_checkpoint, write_reusable_saved_model
from tfsiamese.errors import ExportError
from tfsiamese.files import publish_folder
from tfsiamese.siamese import HEADS, Siamese

__all__ = ["export_saved_model"]

_ATTEMPTS = 10


def export_saved_model(
    encoder: Encoder | Siamese,
    folder: str | os.PathLike[str],
    version: int | None = None,
    head: str | None = None,
) -> Path:
    """Writes an encoder as `folder/<version>/`, which appears complete or not at all.

    The SavedModel holds the signatures `serving_default` (`texts` -> `embeddings`) and `similarity` (`left`, `right` ->
    `score`, `cosine`, `angular`), and it is a Reusable SavedModel: `load_encoder`, and `hub.KerasLayer` with
    `trainable=True`, load and train it again.

    Args:
        encoder: an encoder, or a siamese model, whose head then makes the `score`.
        folder: the base folder of the model; TensorFlow Serving's `--model_base_path`.
        version: a positive integer; one more than the highest in `folder` by default.
        head: what `score` is: "angular" (the default), "cosine" or "dot".

    Returns:
        The folder of the version.

    Raises:
        ExportError: the version exists, is not a positive integer, or the folder cannot be written.

    Example:
        >>> export_saved_model(encoder, "models/jobs")
        PosixPath('models/jobs/1')
    """
    if isinstance(encoder, Siamese):
        encoder, head = encoder.encoder, head or encoder.head
    head = head or "angular"
    if head not in HEADS:
        raise ExportError(f"Unknown head {head!r}. Expected one of {', '.join(HEADS)}.")
    if version is not None and (type(version) is not int or version < 1):
        raise ExportError(f"Expected the version to be a positive integer. Received: version={version!r}.")
    base = Path(folder)
    if base.exists() and not base.is_dir():
        raise ExportError(f"{base} is a file. Expected a folder for the versions of the model.")
    if (base / "saved_model.pb").exists():
        raise ExportError(
            f"{base} is itself a SavedModel. Expected the folder above the versions; give {base.parent} instead."
        )
    if is_checkpoint(base):
        raise ExportError(f"{base} is a checkpoint. Expected a folder for the versions of the SavedModel alone.")
    try:
        return _publish(encoder, base, version, head)
    except OSError as error:
        raise ExportError(f"{base} cannot be written: {error.strerror or error}. Choose another folder.") from error


def _publish(encoder: Encoder, base: Path, version: int | None, head: str) -> Path:
    for _ in range(_ATTEMPTS):
        target = base / str(_next_version(base) if version is None else version)
        if target.exists():
            raise ExportError(
                f"{target} exists, and nothing is overwritten. Leave out the version to get the next one."
            )
        try:
            with publish_folder(target) as temporary:
                write_reusable_saved_model(temporary, encoder.reusable_parts(), head)
        except FileExistsError:
            # Another export took the number while this one was writing.
            if version is None:
                continue
            raise ExportError(f"{target} was written by another export in the meantime. Nothing was changed.") from None
        return target
    raise ExportError(f"Other exports to {base} took every version that was tried. Try again.")


def _next_version(base: Path) -> int:
    numbers = [int(path.name) for path in base.glob("[0-9]*") if re.fullmatch(r"[0-9]+", path.name)]
    return max(numbers, default=0) + 1
