"""How the files in a folder of vectors are called."""

import re

__all__ = ["MANIFEST_FILE", "RANGES_FILE", "is_shard_name", "shard_name"]

MANIFEST_FILE = "manifest.json"
RANGES_FILE = "ranges.npy"

_SHARD = re.compile(r"vectors-(\d{5}|[1-9]\d{5,})\.(npy|parquet)", re.ASCII)


def shard_name(number: int, kind: str) -> str:
    """The file of a shard, such as "vectors-00012.npy"."""
    return f"vectors-{number:05d}.{kind}"


def is_shard_name(name: str) -> bool:
    """Whether a shard could be called so."""
    return _SHARD.fullmatch(name) is not None
