"""The files of a checkpoint that are written again as they were read: all but weights."""

from pathlib import Path

from tfsiamese.encoders.checkpoint.layout import CheckpointLayout

__all__ = ["read_kept_files"]

_KEPT_SUFFIXES = (".json", ".txt", ".model", ".md", ".jinja", ".py")
_NOT_KEPT = (".safetensors.index.json", ".bin.index.json")


def read_kept_files(layout: CheckpointLayout) -> dict[str, bytes]:
    """Configuration, tokenizer and licence by their path in the checkpoint."""
    folders = {layout.folder, layout.transformer, *(module.folder for module in layout.modules)}
    files: dict[str, bytes] = {}
    for folder in folders:
        for path in sorted(folder.glob("*")) if folder.is_dir() else []:
            if path.is_file() and _is_kept(path):
                files[path.relative_to(layout.folder).as_posix()] = path.read_bytes()
    return files


def _is_kept(path: Path) -> bool:
    if path.name.startswith(".") or path.name.endswith(_NOT_KEPT):
        return False
    return path.suffix in _KEPT_SUFFIXES or path.name.upper().startswith(("LICENSE", "NOTICE"))
