"""The files beside the versions of a model with which TensorFlow Serving runs it as it is."""

import logging
from pathlib import Path

from tfsiamese.errors import ExportError
from tfsiamese.export.serving_readme import MARK, serving_readme
from tfsiamese.files import publish_file
from tfsiamese.servables import (
    BatchingParameters,
    ModelConfig,
    SavedModelFile,
    check_model_config,
    version_folder,
    version_numbers,
    write_batching_parameters,
    write_model_config,
    write_monitoring_config,
)

__all__ = ["README_FILE", "write_serving_files"]

README_FILE = "README.md"

_log = logging.getLogger(__name__)


def write_serving_files(base: Path, config: ModelConfig, batching: BatchingParameters) -> None:
    """Writes `models.config`, `batching_parameters.txt`, `monitoring.config` and `README.md` into `base`.

    Each file changes in one step. The README has the commands for exactly this model, with the signatures of the
    newest version served; one that someone else wrote is left alone.

    Args:
        base: the base folder of the model, with at least one version.
        config: the model's name, the path in the container, and which versions are served.
        batching: how the server forms batches.

    Raises:
        ExportError: no server takes the configuration, a version to serve is not there, or a file cannot be written.
    """
    check_model_config(config)
    available = version_numbers(base)
    if not available:
        raise ExportError(f"{base} has no version of a model. Export one first.")
    absent = sorted(set(config.versions or ()) - set(available))
    if absent:
        raise ExportError(
            f"{base} has the versions {', '.join(map(str, available))}, not {', '.join(map(str, absent))}. Expected "
            "each version that is to be served, or has a label, to be there."
        )
    newest = config.served(available)[-1]
    model = SavedModelFile.read(version_folder(base, newest))
    readme = serving_readme(config, batching, model, available)
    write_batching_parameters(base, batching)
    write_monitoring_config(base)
    # What a running server reads again comes last, so that what it names is there.
    write_model_config(base, config)
    if _is_ours(base / README_FILE):
        _write_readme(base / README_FILE, readme)
    else:
        _log.warning("%s was not written by tfsiamese export and is left as it is.", base / README_FILE)


def _is_ours(path: Path) -> bool:
    try:
        return path.read_text(encoding="utf-8", errors="replace").startswith(MARK)
    except FileNotFoundError:
        return True
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {error.strerror or error}.") from error


def _write_readme(path: Path, content: str) -> None:
    try:
        with publish_file(path) as temporary:
            temporary.write_text(content, encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror or error}.") from error
