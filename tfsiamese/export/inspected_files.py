"""How large the parts of a SavedModel are, by its files and by the index of its variables."""

from pathlib import Path
from typing import Any

from tfsiamese.errors import ExportError
from tfsiamese.reasons import first_line
from tfsiamese.servables import GRAPH_FILE, WARMUP_FILE

__all__ = ["file_sizes", "variable_sizes"]

_PARTS = {"graph": GRAPH_FILE, "variables": "variables", "assets": "assets", "warmup": WARMUP_FILE}


def file_sizes(folder: Path) -> dict[str, int]:
    """Bytes of `graph`, `variables`, `assets`, `warmup`, `other` and `total`."""
    sizes = {part: _size(folder / name) for part, name in _PARTS.items()}
    total = _size(folder)
    return {**sizes, "other": total - sum(sizes.values()), "total": total}


def variable_sizes(folder: Path) -> dict[str, Any]:
    """How many variables there are and how many bytes they take, read from the index of the checkpoint alone.

    Returns:
        `number`, `bytes` and `by_dtype`, which has `number` and `bytes` for each dtype, the largest first; variables
        of strings count no bytes.

    Raises:
        ExportError: the index is damaged, or a file of values is missing or shorter than its variables.
    """
    import tensorflow as tf

    prefix = folder / "variables" / "variables"
    if not prefix.with_suffix(".index").is_file():
        if _size(folder / "variables"):
            raise ExportError(f"{prefix}.index is missing: no variable can be restored. Export the model again.")
        return {"number": 0, "bytes": 0, "by_dtype": {}}
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        dtypes, shapes = reader.get_variable_to_dtype_map(), reader.get_variable_to_shape_map()
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        raise ExportError(f"{prefix}.index is damaged ({first_line(error)}). Export the model again.") from error
    by_dtype: dict[str, dict[str, int]] = {}
    for name, dtype in dtypes.items():
        if name.startswith("_CHECKPOINTABLE_OBJECT_GRAPH"):
            continue
        entry = by_dtype.setdefault(dtype.name, {"number": 0, "bytes": 0})
        entry["number"] += 1
        # A string's size in memory says nothing of its length.
        entry["bytes"] += 0 if dtype == tf.string else tf.TensorShape(shapes[name]).num_elements() * dtype.size
    largest_first = sorted(by_dtype, key=lambda name: (-by_dtype[name]["bytes"], name))
    sizes = {key: sum(entry[key] for entry in by_dtype.values()) for key in ("number", "bytes")}
    _check_values(prefix, sizes["bytes"])
    return {**sizes, "by_dtype": {name: by_dtype[name] for name in largest_first}}


def _check_values(prefix: Path, expected: int) -> None:
    shards = sorted(prefix.parent.glob(f"{prefix.name}.data-*-of-*"))
    number = int(shards[0].name.rpartition("-of-")[2]) if shards else 1
    found = sum(shard.stat().st_size for shard in shards)
    if len(shards) != number or found < expected:
        raise ExportError(
            f"{prefix}.data-… is incomplete: expected {number} files of at least {expected} bytes together, found "
            f"{len(shards)} of {found}. Export the model again, or copy all of it."
        )


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(child.stat().st_size for child in path.rglob("*") if child.is_file())
    return path.stat().st_size if path.is_file() else 0
