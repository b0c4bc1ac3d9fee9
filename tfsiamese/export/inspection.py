"""What an exported model is, what it can do, how large it is, and whether a server could load it."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfsiamese.errors import ExportError
from tfsiamese.export.inspected_configuration import or_problem, warmup_summary, what_is_beside
from tfsiamese.export.inspected_files import file_sizes, variable_sizes
from tfsiamese.servables import (
    BATCHING_PARAMETERS_FILE,
    GRAPH_FILE,
    SavedModelFile,
    Signature,
    TensorInfo,
    check_servable,
    read_metadata,
    version_folder,
    version_numbers,
)

__all__ = ["inspect_model"]


@dataclass(frozen=True)
class _Place:
    """Where a version is."""

    folder: Path
    name: str
    number: int | None = None
    base: Path | None = None  # the folder of the versions


def inspect_model(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads what a model says of itself, without loading it.

    Args:
        folder: a version, the folder of the versions, of which the newest is looked at, or a run folder. A SavedModel
            that others wrote will do.

    Returns:
        What `json.dumps` can write: `folder`; `name`; `version`, None for a SavedModel that is none; `versions` (for
        each `version`, `served` and `labels`); `metadata`, None where there is none; `signatures` (for each `inputs`
        and `outputs` with `dtype` and `shape`, where None stands for any size, and `method`); `sizes` of the files and
        `variables`, in bytes; `warmup` (`records`, `others` and `batch_sizes`); `files`, the configuration beside
        the versions; `servable`, whether TensorFlow Serving has what it needs; and `problems`, one sentence each, for
        whatever is damaged or does not fit together.

    Raises:
        ExportError: there is no SavedModel at all.

    Example:
        >>> inspect_model("models/jobs")["signatures"]["embed"]["outputs"]
        {'embeddings': {'dtype': 'float32', 'shape': [None, 512]}}
    """
    place = _find(Path(folder))
    problems: list[str] = []
    metadata = or_problem(problems, lambda: read_metadata(place.folder))
    graph = or_problem(problems, lambda: SavedModelFile.read(place.folder))
    signatures = graph.signatures if graph is not None else None
    named = metadata.get("name") if metadata is not None else None
    beside: dict[str, Any] = {"name": named, "versions": [], "files": {}}
    if place.base is not None:
        beside = what_is_beside(place.base, named, problems)
    batching = beside["files"].get(BATCHING_PARAMETERS_FILE)
    most_rows = batching["max_batch_size"] if batching else None
    return {
        "folder": str(place.folder),
        "name": beside["name"] or place.name,
        "version": place.number,
        "versions": beside["versions"],
        "metadata": metadata,
        "signatures": {name: _described(signature) for name, signature in (signatures or {}).items()},
        "sizes": file_sizes(place.folder),
        "variables": or_problem(problems, lambda: variable_sizes(place.folder)),
        "warmup": warmup_summary(place.folder, signatures, most_rows, problems),
        "files": beside["files"],
        "servable": graph is not None and _is_servable(place.folder, problems),
        "problems": problems,
    }


def _find(folder: Path) -> _Place:
    if not folder.is_dir():
        kind = "is a file" if folder.exists() else "does not exist"
        raise ExportError(f"{folder} {kind}. Expected the folder of an exported model, or of one of its versions.")
    if (folder / GRAPH_FILE).is_file():
        whole = folder.absolute()
        if not re.fullmatch(r"[0-9]+", whole.name):
            return _Place(folder, whole.name)
        return _Place(folder, whole.parent.name, int(whole.name), whole.parent)
    for base in (folder, folder / "encoder"):
        versions = version_numbers(base)
        if versions:
            return _Place(version_folder(base, versions[-1]), folder.absolute().name, versions[-1], base)
    raise ExportError(
        f"{folder} holds no SavedModel: no {GRAPH_FILE}, no numbered versions and no encoder/ of a run. Expected the "
        "folder that tfsiamese export wrote, or one of its versions."
    )


def _is_servable(folder: Path, problems: list[str]) -> bool:
    before = len(problems)
    or_problem(problems, lambda: check_servable(folder))
    return len(problems) == before


def _described(signature: Signature) -> dict[str, Any]:
    inputs, outputs = (
        {name: _shape(info) for name, info in side.items()} for side in (signature.inputs, signature.outputs)
    )
    return {"inputs": inputs, "outputs": outputs, "method": signature.method_name}


def _shape(info: TensorInfo) -> dict[str, Any]:
    return {"dtype": info.dtype, "shape": None if info.shape is None else list(info.shape)}
