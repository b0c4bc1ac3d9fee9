"""What to train, as a TOML file and command-line flags say it: plain values, checked, not loaded yet."""

import dataclasses
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tfsiamese.errors import SettingsError
from tfsiamese.training.recipe_keys import (
    DATA,
    ENCODER,
    LORA,
    READING,
    SECTIONS,
    STAGE,
    TOP,
    TRAINING,
    Table,
    check_keys,
    is_number,
)
from tfsiamese.training.settings import TrainingSettings

__all__ = ["DataRecipe", "Recipe", "StageRecipe", "make_recipe"]


@dataclass(frozen=True)
class DataRecipe:
    """One data set: its file, its name, how it is read, its loss and its validation data.

    Attributes:
        name: tells it from other data sets of its stage.
        file: the path of a file, a pattern such as "pairs/part-*.csv", or a folder of .parquet files: one data set.
        reading: keyword arguments of `read_examples`.
        stream: read it through a store on the disk; None leaves that to the size of the files.
        loss: the name of a loss with its settings under "settings", or empty for the default of the data's shape.
        validation: a fraction, a number of rows, a file, or 0.
    """

    name: str
    file: str
    reading: Table = field(default_factory=dict)
    loss: Table = field(default_factory=dict)
    validation: str = "0.1"
    stream: bool | None = None


@dataclass(frozen=True)
class StageRecipe:
    """A stage: its data sets, and keyword arguments of `TrainingSettings`."""

    name: str
    data: tuple[DataRecipe, ...]
    settings: Table

    @property
    def prompts(self) -> Table:
        """Those that were given, as keyword arguments of evaluators."""
        return {key: self.settings[key] for key in ("query_prompt", "passage_prompt") if key in self.settings}


@dataclass(frozen=True)
class Recipe:
    """All of a run.

    Attributes:
        out: the run folder.
        encoder: encoder, head, freeze, signature, output_key, teacher, and for checkpoints max_length,
            mixed_precision, dropout, lora, freeze_layers: those that were given.
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

    @property
    def head(self) -> str:
        """The similarity that is the model's score."""
        return self.encoder.get("head", "angular")


def make_recipe(table: Table, flags: Table | None = None, source: str = "the configuration") -> Recipe:
    """Checks a configuration, with flags taking precedence over it.

    Args:
        table: top level: out, encoder and what else `Recipe.encoder` holds, data, loss; tables: training (settings of
            every stage), evaluation, retention, and lora (rank, alpha, targets) unless it is a number at the top; an
            array of tables `stages`, each with name, data, loss, validation and settings of its own. `data` is a file,
            a list of files, or a list of tables with file, name, loss, validation and how to read it (`stream` among
            it).
        flags: of the same form, without stages.
        source: the name of the table in messages.

    Raises:
        SettingsError: something is missing, unknown, or there twice.
    """
    flags = flags or {}
    check_keys(table, TOP, source)
    if isinstance(table.get("lora"), dict):
        check_keys(table["lora"], LORA, f"{source}, [lora]")
    merged = table | flags | {name: _section(table, flags, name, source) for name in SECTIONS}
    if not merged.get("out"):
        raise SettingsError(f"{source} names no run folder. Give one with --out, or 'out' in the file.")
    _check_data_is_named_once(table, flags, source)
    # What flags say of a loss is put over it later, so that settings alone don't hide its name.
    plain = {"data": merged.get("data")} | ({"loss": table["loss"]} if "loss" in table else {})
    stages = table.get("stages") or [plain]
    if not isinstance(stages, list) or not all(isinstance(stage, dict) for stage in stages):
        raise SettingsError(f"{source}: 'stages' is no array of tables. Write each stage under its own [[stages]].")
    return Recipe(
        out=str(merged["out"]),
        encoder={key: merged[key] for key in ENCODER if key in merged},
        evaluation={key: value for key, value in merged["evaluation"].items() if key != "validation"},
        retention=merged["retention"],
        stages=tuple(
            _stage(stage, number, table, merged, flags, source) for number, stage in enumerate(stages, start=1)
        ),
        is_staged="stages" in table,
    )


def _section(table: Table, flags: Table, name: str, source: str) -> Table:
    section = table.get(name, {})
    if not isinstance(section, dict):
        raise SettingsError(f"{source}: {name!r} is no table. Write its settings under [{name}].")
    check_keys(section, SECTIONS[name], f"{source}, [{name}]")
    section = section | flags.get(name, {})
    if name == "retention" and section and "texts" not in section:
        raise SettingsError(f"{source}: the retention has no texts. Name a file of general texts with --retain.")
    return section


def _stage(stage: Table, number: int, table: Table, merged: Table, flags: Table, source: str) -> StageRecipe:
    name = str(stage.get("name", number))
    where = f"{source}, stage {name!r}" if "stages" in merged else source
    check_keys(stage, STAGE, where)
    own = {key: value for key, value in stage.items() if key in TRAINING}
    settings = merged["training"] | own | flags.get("training", {})
    TrainingSettings.from_keywords(**settings)
    shared = {
        "loss": stage.get("loss", table.get("loss")),
        "validation": stage.get("validation", merged["evaluation"].get("validation")),
    }
    given = stage.get("data")
    if not given:
        raise SettingsError(f"{where} names no data. Give a file of examples.")
    entries = given if isinstance(given, list) else [given]
    data = _distinctly_named([_data(entry, shared, flags, where) for entry in entries], where)
    if len(data) > 1 and "validation" in flags.get("evaluation", {}) and not is_number(data[0].validation):
        raise SettingsError(
            f"{where}: one file of validation data cannot serve {len(data)} data sets. Name the validation of each "
            "beside 'file' in --config, or give a fraction."
        )
    return StageRecipe(name, data, settings)


def _data(entry: Any, shared: Table, flags: Table, where: str) -> DataRecipe:
    table = {"file": entry} if isinstance(entry, str) else entry
    if not isinstance(table, dict) or not table.get("file"):
        raise SettingsError(f"{where}: a data set is {entry!r}. Expected a file, or a table with 'file'.")
    check_keys(table, DATA, f"{where}, data")
    loss = _loss(table.get("loss", shared["loss"]), where)
    validation = table.get("validation", shared["validation"])
    if "validation" in flags.get("evaluation", {}):
        validation = flags["evaluation"]["validation"]
    return DataRecipe(
        name=str(table.get("name", _name_of(table["file"]))),
        file=str(table["file"]),
        reading={key: table[key] for key in READING if key != "stream" and table.get(key) is not None},
        loss=_overridden(loss, flags.get("loss", {})),
        validation="0.1" if validation is None else str(validation),
        stream=table.get("stream"),
    )


def _name_of(file: str) -> str:
    """What a data set is called by default: by its file, of a pattern by what is fixed in it, else by the folder."""
    path = Path(file)
    return re.sub(r"\[.*?\]|[*?]", "", path.stem).strip("-_. ") or path.parent.name or "training"


def _distinctly_named(data: list[DataRecipe], where: str) -> tuple[DataRecipe, ...]:
    """The same data sets; files of one name are told apart by their folders."""
    stems = [one.name for one in data]
    named = [
        dataclasses.replace(one, name=f"{Path(one.file).parent.name}-{one.name}")
        if stems.count(one.name) > 1 and one.name == _name_of(one.file)
        else one
        for one in data
    ]
    names = [one.name for one in named]
    if len(set(names)) < len(names):
        raise SettingsError(f"{where}: two data sets have the same name. Received: {', '.join(names)}. Give 'name'.")
    return tuple(named)


def _loss(loss: Any, where: str) -> Table:
    """The name and the settings of a loss, from "ranking" or {name = "ranking", scale = 30}."""
    if loss is None:
        return {}
    if isinstance(loss, str):
        return {"name": loss, "settings": {}}
    if isinstance(loss, dict):
        settings = {key: value for key, value in loss.items() if key != "name"}
        if "loss" in loss or not isinstance(loss.get("name"), str):
            raise SettingsError(f"{where}: the loss is {loss!r}. Expected a table with 'name' and its settings.")
        return {"name": loss["name"], "settings": settings}
    raise SettingsError(f"{where}: the loss is {loss!r}. Expected a name, or a table with 'name' and its settings.")


def _overridden(loss: Table, flags: Table) -> Table:
    """A loss with the flags over it: another name replaces it, settings alone are added to its own."""
    settings = {key: value for key, value in flags.items() if key != "name"}
    if flags.get("name"):
        return {"name": flags["name"], "settings": settings}
    return {"name": loss.get("name"), "settings": loss.get("settings", {}) | settings} if loss or settings else {}


def _check_data_is_named_once(table: Table, flags: Table, source: str) -> None:
    given = flags.get("data", [])
    if given and "stages" in table:
        raise SettingsError(
            f"{source} has stages with data of their own, and the command line names {given[0]['file']} too. "
            "Name the data in one place."
        )
    if "data" in table and "stages" in table:
        raise SettingsError(
            f"{source} names data outside its stages too. Name the data of each stage in its own table."
        )
