"""What to train, as a TOML file and command-line flags say it: plain values, checked, not loaded yet."""

import difflib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.training.settings import TrainingSettings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["DataRecipe", "Recipe", "StageRecipe", "make_recipe", "read_recipe"]

_READING = ("left", "right", "score", "score_range", "columns", "delimiter", "encoding")
_DATA = ("file", "name", "loss", "validation", *_READING)
_TRAINING = tuple(TrainingSettings.__dataclass_fields__)
_STAGE = ("name", "data", "loss", "validation", *_TRAINING)
_ENCODER = ("encoder", "head", "freeze", "signature", "output_key", "teacher")
_EVALUATION = ("validation", "sts", "retrieval", "labels")
_RETENTION = ("texts", "weight", "batch_size")
_TOP = ("out", "data", "loss", *_ENCODER, "training", "evaluation", "retention", "stages")
_PATHS = {"out", "file", "sts", "retrieval", "labels", "texts"}

Table = dict[str, Any]


@dataclass(frozen=True)
class DataRecipe:
    """One data set: its file, its name, how it is read, its loss and its validation data.

    Attributes:
        name: tells it from other data sets of its stage.
        file: the path.
        reading: keyword arguments of `read_examples`.
        loss: the name of a loss with its settings under "settings", or empty for the default of the data's shape.
        validation: a fraction, a number of rows, a file, or 0.
    """

    name: str
    file: str
    reading: Table = field(default_factory=dict)
    loss: Table = field(default_factory=dict)
    validation: str = "0.1"


@dataclass(frozen=True)
class StageRecipe:
    """A stage: its data sets, and keyword arguments of `TrainingSettings`."""

    name: str
    data: tuple[DataRecipe, ...]
    settings: Table


@dataclass(frozen=True)
class Recipe:
    """All of a run.

    Attributes:
        out: the run folder.
        encoder: encoder, head, freeze, signature, output_key, teacher: those that were given.
        evaluation: sts, retrieval, labels: those that were given.
        retention: texts (a file), weight, batch_size, or empty.
        stages: at least one.
        is_staged: the stages were named as such, so that each gets a folder of its own.
    """

    out: str
    encoder: Table
    evaluation: Table
    retention: Table
    stages: tuple[StageRecipe, ...]
    is_staged: bool


def read_recipe(path: str | Path) -> Table:
    """Reads a TOML file as `make_recipe` takes it; relative paths in it start at its own folder.

    Raises:
        DataError: the file cannot be read, or is not TOML.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Name a TOML file with --config.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not TOML: {error}. Mend it there.") from error
    return _resolve_paths(table, path.parent)


def make_recipe(table: Table, flags: Table | None = None, source: str = "the configuration") -> Recipe:
    """Checks a configuration, with flags taking precedence over it.

    Args:
        table: top level: out, encoder, head, freeze, signature, output_key, teacher, data, loss; tables: training
            (settings of every stage), evaluation, retention; an array of tables `stages`, each with name, data, loss,
            validation and settings of its own. `data` is a file, a list of files, or a list of tables with file, name,
            loss, validation and how to read it.
        flags: of the same form, without stages.
        source: the name of the table in messages.

    Raises:
        SettingsError: something is missing, unknown, or there twice.
    """
    flags = flags or {}
    _check_keys(table, _TOP, source)
    merged = table | flags | {name: _section(table, flags, name, source) for name in _SECTIONS}
    if not merged.get("out"):
        raise SettingsError(f"{source} names no run folder. Give one with --out, or 'out' in the file.")
    if "stages" in table and flags.get("data"):
        raise SettingsError(
            f"{source} has stages with data of their own, and the command line names {flags['data'][0]['file']} too. "
            "Name the data in one place."
        )
    stages = table.get("stages") or [{key: merged[key] for key in ("data", "loss") if key in merged}]
    if not isinstance(stages, list) or not all(isinstance(stage, dict) for stage in stages):
        raise SettingsError(f"{source}: 'stages' is no array of tables. Write each stage under its own [[stages]].")
    return Recipe(
        out=str(merged["out"]),
        encoder={key: merged[key] for key in _ENCODER if key in merged},
        evaluation={key: value for key, value in merged["evaluation"].items() if key != "validation"},
        retention=merged["retention"],
        stages=tuple(_stage(stage, number, merged, flags, source) for number, stage in enumerate(stages, start=1)),
        is_staged="stages" in table,
    )


_SECTIONS: dict[str, Iterable[str]] = {"training": _TRAINING, "evaluation": _EVALUATION, "retention": _RETENTION}


def _section(table: Table, flags: Table, name: str, source: str) -> Table:
    section = table.get(name, {})
    if not isinstance(section, dict):
        raise SettingsError(f"{source}: {name!r} is no table. Write its settings under [{name}].")
    _check_keys(section, _SECTIONS[name], f"{source}, [{name}]")
    section = section | flags.get(name, {})
    if name == "retention" and section and "texts" not in section:
        raise SettingsError(f"{source}: the retention has no texts. Name a file of general texts with --retain.")
    return section


def _stage(stage: Table, number: int, merged: Table, flags: Table, source: str) -> StageRecipe:
    name = str(stage.get("name", number))
    where = f"{source}, stage {name!r}" if "stages" in merged else source
    _check_keys(stage, _STAGE, where)
    own = {key: value for key, value in stage.items() if key in _TRAINING}
    settings = merged["training"] | own | flags.get("training", {})
    shared = {
        "loss": flags.get("loss") or stage.get("loss") or merged.get("loss"),
        "validation": flags.get("evaluation", {}).get("validation")
        or stage.get("validation", merged["evaluation"].get("validation")),
    }
    given = stage.get("data")
    if not given:
        raise SettingsError(f"{where} names no data. Give a file of examples.")
    entries = given if isinstance(given, list) else [given]
    data = tuple(_data(entry, shared, "loss" in flags, where) for entry in entries)
    names = [one.name for one in data]
    if len(set(names)) < len(names):
        raise SettingsError(f"{where}: two data sets have the same name. Received: {', '.join(names)}. Give 'name'.")
    return StageRecipe(name, data, settings)


def _data(entry: Any, shared: Table, loss_is_fixed: bool, where: str) -> DataRecipe:
    table = {"file": entry} if isinstance(entry, str) else entry
    if not isinstance(table, dict) or not table.get("file"):
        raise SettingsError(f"{where}: a data set is {entry!r}. Expected a file, or a table with 'file'.")
    _check_keys(table, _DATA, f"{where}, data")
    loss = shared["loss"] if loss_is_fixed or "loss" not in table else table["loss"]
    validation = table.get("validation", shared["validation"])
    return DataRecipe(
        name=str(table.get("name", Path(table["file"]).stem)),
        file=str(table["file"]),
        reading={key: table[key] for key in _READING if table.get(key) is not None},
        loss=_loss(loss, where),
        validation="0.1" if validation is None else str(validation),
    )


def _loss(loss: Any, where: str) -> Table:
    """The name and the settings of a loss, from "ranking" or {name = "ranking", scale = 30}."""
    if loss is None:
        return {}
    if isinstance(loss, str):
        return {"name": loss, "settings": {}}
    if isinstance(loss, dict):
        settings = {key: value for key, value in loss.items() if key != "name"}
        return {"name": loss.get("name"), "settings": settings}
    raise SettingsError(f"{where}: the loss is {loss!r}. Expected a name, or a table with 'name' and its settings.")


def _check_keys(table: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    known = tuple(known)
    for key in table:
        if key not in known:
            similar = difflib.get_close_matches(key, known, n=1)
            hint = f" Did you mean {similar[0]!r}?" if similar else ""
            raise SettingsError(f"{where}: unknown setting {key!r}.{hint} Known: {', '.join(known)}.")


def _resolve_paths(value: Any, folder: Path, key: str = "") -> Any:
    """The same tables with relative paths joined to a folder."""
    if isinstance(value, dict):
        return {name: _resolve_paths(entry, folder, name) for name, entry in value.items()}
    if isinstance(value, list):
        return [_resolve_paths(entry, folder, key) for entry in value]
    if isinstance(value, str) and (key in _PATHS or key == "data" or (key == "validation" and not _is_number(value))):
        return str(folder / Path(value).expanduser())
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
