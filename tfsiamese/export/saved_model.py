"""Numbered versions of a SavedModel, as TensorFlow Serving reads them."""

import dataclasses
import os
from pathlib import Path

from tfsiamese.encoders import Encoder, is_checkpoint
from tfsiamese.errors import ExportError
from tfsiamese.export.sample_texts import sample_texts
from tfsiamese.export.settings import ExportSettings
from tfsiamese.export.versions import configure_server, locked, read_configuration
from tfsiamese.export.writing import VersionPlan, write_version
from tfsiamese.files import publish_folder, remove_leftovers
from tfsiamese.servables import GRAPH_FILE, LARGEST_VERSION, next_version, version_numbers
from tfsiamese.siamese import Siamese

__all__ = ["export_saved_model"]

_ATTEMPTS = 10
_ONE_HOUR = 3600.0


def export_saved_model(
    encoder: Encoder | Siamese,
    folder: str | os.PathLike[str],
    version: int | None = None,
    head: str | None = None,
    *,
    settings: ExportSettings | None = None,
) -> Path:
    """Writes an encoder as `folder/<version>/`, which appears complete or not at all.

    The SavedModel holds the signatures `serving_default` and `embed` (`texts` -> `embeddings`), `similarity` (`left`,
    `right` -> `score`, `cosine`, `angular`), one for each prompt of the encoder, such as `query` and `passage`, and
    with a corpus `top_k` (`queries` -> `ids`, `texts`, `scores`). Beside the versions stand the files that configure
    TensorFlow Serving, and a README with its commands. It is a Reusable SavedModel too: `load_encoder`, and
    `hub.KerasLayer` with `trainable=True`, load and, where it is float32, train it again.

    Args:
        encoder: an encoder, or a siamese model, whose head then makes the `score`.
        folder: the base folder of the model; TensorFlow Serving's `--model_base_path`.
        version: a positive integer; one more than the highest in `folder` by default.
        head: goes before the one in `settings`.
        settings: what else there is to choose.

    Returns:
        The folder of the version.

    Raises:
        ExportError: a setting is wrong, the version exists, the folder cannot be written, an op is none that
            TensorFlow Serving has, a check fails, or a variant loses more than the tolerance: then the folder holds
            the versions it held before. Or the files beside the versions cannot be written, which the message says.

    Example:
        >>> export_saved_model(encoder, "models/jobs", settings=ExportSettings(precision="int8"))
        PosixPath('models/jobs/1')
    """
    settings = settings or ExportSettings()
    _check_types(encoder, folder, settings)
    default_head = "angular"
    if isinstance(encoder, Siamese):
        encoder, default_head = encoder.encoder, encoder.head
    settings = dataclasses.replace(settings, head=head or settings.head or default_head)
    if version is not None and (type(version) is not int or version < 1):
        raise ExportError(f"Expected the version to be a positive integer. Received: version={version!r}.")
    if version is not None and version > LARGEST_VERSION:
        raise ExportError(f"Expected the version to be at most {LARGEST_VERSION}, as TensorFlow Serving does.")
    base = Path(folder)
    _check_base(base)
    try:
        remove_leftovers(base, older_than=_ONE_HOUR)
        # What is wrong beside the model shows before the work of writing it.
        config, batching = read_configuration(base, settings)
        texts = sample_texts(encoder, settings)
        plan = VersionPlan(config.name, settings, texts, batching.allowed_batch_sizes or (batching.max_batch_size,))
        # A server that has a version of a number does not load another of the same number.
        least = 1 + max([*config.labels.values(), *(config.versions or ())], default=0)
        target = _publish(encoder, base, version, plan, least)
    except OSError as error:
        raise ExportError(f"{base} cannot be written: {error.strerror or error}. Choose another folder.") from error
    try:
        with locked(base):
            configure_server(base, int(target.name), settings)
    except (ExportError, OSError) as error:
        raise ExportError(
            f"{target} is exported, but the files beside it are not written: {error} Mend that, and let "
            f"`tfsiamese label {base} LABEL {target.name}` or the next export write them."
        ) from error
    return target


def _check_types(encoder: object, folder: object, settings: object) -> None:
    if not isinstance(encoder, Encoder | Siamese):
        raise ExportError(f"Expected an encoder or a siamese model. Received: {encoder!r:.60}.")
    if not isinstance(settings, ExportSettings):
        raise ExportError(f"Expected settings to be ExportSettings. Received: {settings!r:.60}.")
    if not isinstance(folder, str | os.PathLike) or not os.fspath(folder):
        raise ExportError(f"Expected the folder of the versions. Received: {folder!r:.60}.")


def _check_base(base: Path) -> None:
    if base.exists() and not base.is_dir():
        raise ExportError(f"{base} is a file. Expected a folder for the versions of the model.")
    if (base / GRAPH_FILE).exists():
        raise ExportError(
            f"{base} is itself a SavedModel. Expected the folder above the versions; give {base.parent} instead."
        )
    if any((parent / GRAPH_FILE).exists() for parent in base.absolute().parents):
        raise ExportError(f"{base} is inside a SavedModel. Expected a folder of its own.")
    if is_checkpoint(base):
        raise ExportError(f"{base} is a checkpoint. Expected a folder for the versions of the SavedModel alone.")


def _publish(encoder: Encoder, base: Path, version: int | None, plan: VersionPlan, least: int) -> Path:
    for _ in range(_ATTEMPTS):
        target = base / str(max(next_version(base), least) if version is None else version)
        if os.path.lexists(target) or int(target.name) in version_numbers(base):
            raise ExportError(
                f"{target} exists, and nothing is overwritten. Leave out the version to get the next one."
            )
        try:
            with publish_folder(target) as temporary:
                _write(temporary, target, encoder, plan)
        except FileExistsError:
            # Another export took the number while this one was writing.
            if version is None:
                continue
            raise ExportError(f"{target} was written by another export in the meantime. Nothing was changed.") from None
        return target
    raise ExportError(f"Other exports to {base} took every version that was tried. Try again.")


def _write(temporary: Path, target: Path, encoder: Encoder, plan: VersionPlan) -> None:
    """Writes the version; an error names it as the user knows it."""
    try:
        write_version(temporary, encoder, plan)
    except ExportError as error:
        raise ExportError(str(error).replace(str(temporary), str(target))) from error
