"""Which versions of a model are served, under which labels, and which are dropped."""

import contextlib
import fcntl
import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tfsiamese.errors import ExportError
from tfsiamese.export.serving_files import write_serving_files
from tfsiamese.export.settings import ExportSettings
from tfsiamese.servables import (
    BatchingParameters,
    ModelConfig,
    batch_sizes_up_to,
    check_model_name,
    read_batching_parameters,
    read_model_config,
    remove_old_versions,
    version_numbers,
)

__all__ = ["configure_server", "label_version", "locked", "read_configuration"]

_logger = logging.getLogger(__name__)

_LOCK = ".export.lock"


def read_configuration(base: Path, settings: ExportSettings) -> tuple[ModelConfig, BatchingParameters]:
    """What the files in `base` say, or what they will say where there are none, with what the settings change.

    Raises:
        ExportError: a file in `base` is damaged, or has the model under another name.
    """
    config = read_model_config(base)
    if config is None:
        name = settings.model_name(base)
        config = ModelConfig(name, f"/models/{name}")
    elif settings.name is not None and settings.name != config.name:
        raise ExportError(
            f"{base} holds the model {config.name!r}, which its servers know by that name. Expected --name (name=) to "
            f"be the same or to be left out. Received: {settings.name!r}."
        )
    batching = read_batching_parameters(base) or BatchingParameters()
    if settings.max_batch_size is not None:
        sizes = batch_sizes_up_to(settings.max_batch_size)
        batching = replace(batching, max_batch_size=settings.max_batch_size, allowed_batch_sizes=sizes)
    return config, batching


def configure_server(base: Path, version: int, settings: ExportSettings) -> None:
    """Gives the label of the settings to a new version, writes the server's files anew, and drops old versions.

    With labels, a server loads the versions that have one and the newest; without, the newest alone. A label that
    another version has stays there: TensorFlow Serving refuses a configuration in which a label moves to a version
    that it has not loaded yet. `label_version` moves it then.

    Raises:
        ExportError: a file cannot be read or written, or a version cannot be removed.
    """
    config, batching = read_configuration(base, settings)
    available = version_numbers(base)
    labels = {label: number for label, number in config.labels.items() if number in available}
    for label in config.labels.keys() - labels.keys():
        _logger.warning("the label %s is dropped: its version %d is not there any more", label, config.labels[label])
    if settings.label is not None and labels.setdefault(settings.label, version) != version:
        _logger.warning(
            "the label %s stays with version %d: a server that runs takes it only to a version that it has loaded. "
            "Move it when version %d is available there: tfsiamese label %s %s %d",
            *(settings.label, labels[settings.label], version, base, settings.label, version),
        )
    _write(base, config, labels, batching, version)
    if settings.keep_last is not None:
        remove_old_versions(base, settings.keep_last, {*labels.values(), version})


def label_version(folder: str | os.PathLike[str], label: str, version: int | None) -> dict[str, int]:
    """Moves a label to another version, or takes it away, and writes the server's files anew.

    A server that polls its configuration follows; a version that it does not serve yet has to be loaded first, since
    TensorFlow Serving refuses the configuration otherwise. It serves the versions with a label and the newest.

    Args:
        folder: the base folder of the model.
        label: such as "stable".
        version: one that is there; None to take the label away.

    Returns:
        The labels, and the version of each.

    Raises:
        ExportError: there is no such version or label, or the files cannot be read or written.

    Example:
        >>> label_version("models/jobs", "stable", 2)
        {'canary': 2, 'stable': 2}
    """
    base = Path(folder)
    check_model_name(label, "a version's label")
    if version is not None and type(version) is not int:
        raise ExportError(f"Expected the version to be a positive integer. Received: {version!r}.")
    if not version_numbers(base):
        raise ExportError(f"{base} holds no version of a model. Expected the folder of the versions.")
    try:
        with locked(base):
            available = version_numbers(base)
            if version not in (None, *available):
                known = ", ".join(map(str, available))
                raise ExportError(f"{base} has no version {version}. Expected one of {known}.")
            config, batching = read_configuration(base, ExportSettings())
            labels = {name: number for name, number in config.labels.items() if number in available}
            if version is not None:
                labels[label] = version
            elif labels.pop(label, None) is None:
                raise ExportError(f"{base} has no label {label!r}. Its labels: {', '.join(config.labels) or 'none'}.")
            _write(base, config, labels, batching, version)
    except OSError as error:
        raise ExportError(f"{base} cannot be written: {error.strerror or error}. Check its permissions.") from error
    return labels


def _write(
    base: Path, config: ModelConfig, labels: dict[str, int], batching: BatchingParameters, version: int | None
) -> None:
    """Serves the versions with a label and the newest, or those that someone chose by hand."""
    available = version_numbers(base)
    config = config.with_labels(labels, available)
    served = config.served(available)
    if version is not None and version not in served:
        _logger.warning("servers load version %s, and not %d", ", ".join(map(str, served)), version)
    write_serving_files(base, config, batching)


@contextlib.contextmanager
def locked(base: Path) -> Iterator[None]:
    """Lets one process at a time change the files beside the versions."""
    with (base / _LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
