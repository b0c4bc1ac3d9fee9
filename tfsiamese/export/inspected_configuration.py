"""The warm-up requests of a version and the files beside it, and whether a server could use them together."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from tfsiamese.errors import ExportError
from tfsiamese.export.serving_files import README_FILE
from tfsiamese.servables import (
    BATCHING_PARAMETERS_FILE,
    GRAPH_FILE,
    MODEL_CONFIG_FILE,
    MONITORING_CONFIG_FILE,
    MOST_WARMUP_REQUESTS,
    WARMUP_FILE,
    ModelConfig,
    Signature,
    WarmupRequest,
    read_batching_parameters,
    read_model_config,
    read_warmup_records,
    version_numbers,
)

__all__ = ["or_problem", "warmup_summary", "what_is_beside"]

_OTHER_FILES = (MONITORING_CONFIG_FILE, README_FILE)

_Result = TypeVar("_Result")


def or_problem(problems: list[str], read: Callable[[], _Result]) -> _Result | None:
    """What `read` gives; None where it fails, whose message is then one of the problems."""
    try:
        return read()
    except ExportError as error:
        problems.append(str(error))
    except OSError as error:
        problems.append(f"{error.filename} cannot be read: {error.strerror or error}.")
    return None


def what_is_beside(base: Path, name: str | None, problems: list[str]) -> dict[str, Any]:
    """The configuration in the folder of the versions.

    Args:
        base: the folder of the versions.
        name: the model's name as the metadata says it; None where it does not.
        problems: gets what does not fit together.

    Returns:
        `name`, None where nothing says it; `versions`, for each its `version`, whether it is `served`, and its
        `labels`; and `files`, for each what it sets or that it is there, None where it is absent or damaged.
    """
    config = or_problem(problems, lambda: read_model_config(base))
    batching = or_problem(problems, lambda: read_batching_parameters(base))
    available = version_numbers(base)
    problems.extend(_incomplete(base))
    if config is not None:
        problems.extend(_disagreements(base, config, name, available))
    served = (config or ModelConfig("", "")).served(available)
    labels = config.labels if config is not None else {}
    return {
        "name": config.name if config is not None else name,
        "versions": [
            {
                "version": version,
                "served": version in served,
                "labels": sorted(label for label, labelled in labels.items() if labelled == version),
            }
            for version in available
        ],
        "files": {
            MODEL_CONFIG_FILE: asdict(config) if config is not None else None,
            BATCHING_PARAMETERS_FILE: asdict(batching) if batching is not None else None,
            **{file: True if (base / file).is_file() else None for file in _OTHER_FILES},
        },
    }


def warmup_summary(
    folder: Path,
    signatures: Mapping[str, Signature] | None,
    most_rows: int | None,
    problems: list[str],
) -> dict[str, Any]:
    """How many `records` the version's warm-up file has, and of which kinds.

    Of those with texts `batch_sizes` has for each signature how many there are of each size; `others` is how many there
    are of other kinds, which are not looked at.

    Args:
        folder: the folder of the version.
        signatures: those of the SavedModel; None where they could not be read.
        most_rows: the largest batch that the server takes; None for any.
        problems: gets the records that would keep a server from loading the version.
    """
    path, records = folder / WARMUP_FILE, or_problem(problems, lambda: read_warmup_records(folder))
    if path.is_file() and records == []:
        problems.append(f"{path} holds no record that can be read. Export the model again, or delete the file.")
    records = records or []
    if len(records) > MOST_WARMUP_REQUESTS:
        problems.append(f"{path} has {len(records)} records, and TensorFlow Serving takes {MOST_WARMUP_REQUESTS}.")
    sizes: dict[str, Counter[int]] = {}
    for number, request in enumerate(records, start=1):
        if request is None:
            continue
        rows = max((len(texts) for texts in request.inputs.values()), default=0)
        sizes.setdefault(request.signature, Counter())[rows] += 1
        wrong = _mistake(request, rows, signatures, most_rows)
        if wrong:
            problems.append(f"{path}, record {number}: {wrong}. A server would not load the version.")
    by_signature = {name: dict(sorted(counted.items())) for name, counted in sorted(sizes.items())}
    return {"records": len(records), "others": records.count(None), "batch_sizes": by_signature}


def _mistake(
    request: WarmupRequest, rows: int, signatures: Mapping[str, Signature] | None, most_rows: int | None
) -> str | None:
    if signatures is None:
        return None
    if request.signature not in signatures:
        return f"there is no signature {request.signature!r}"
    inputs = signatures[request.signature].inputs
    if set(request.inputs) != set(inputs):
        return f"{request.signature} has the inputs {sorted(inputs)}, and the record {sorted(request.inputs)}"
    if most_rows is not None and rows > most_rows:
        return f"{rows} rows are more than max_batch_size, {most_rows}"
    return None


def _incomplete(base: Path) -> list[str]:
    numbered = [child for child in sorted(base.iterdir()) if re.fullmatch(r"[0-9]+", child.name) and child.is_dir()]
    return [
        f"{child} holds no {GRAPH_FILE}: TensorFlow Serving takes it for a version that it cannot load. Delete it."
        for child in numbered
        if not (child / GRAPH_FILE).is_file()
    ]


def _disagreements(base: Path, config: ModelConfig, name: str | None, available: Sequence[int]) -> list[str]:
    path = base / MODEL_CONFIG_FILE
    found = []
    if name is not None and config.name != name:
        found.append(f"{path} names the model {config.name!r}, and its metadata {name!r}.")
    missing = [version for version in config.versions or () if version not in available]
    if missing:
        found.append(f"{path} serves {_listed(missing)}, and {base} holds {_listed(available)}.")
    served = config.served(available)
    if available and available[-1] not in served:
        found.append(
            f"{path} does not serve version {available[-1]}, the newest. Add it to the versions, or let tfsiamese "
            "label write the file anew."
        )
    for label, version in config.labels.items():
        if version not in served:
            found.append(f"{path} gives the label {label!r} to version {version}, which is not served.")
    return found


def _listed(versions: Sequence[int]) -> str:
    word = "version" if len(versions) == 1 else "versions"
    return f"{word} {', '.join(map(str, versions))}" if versions else "no version"
