"""From a recipe to what `train` runs: data that is read and split, stages, model."""

import logging
from pathlib import Path
from typing import Any

from tfsiamese.cli.data_reading import read_and_split
from tfsiamese.cli.run_data import RunData
from tfsiamese.errors import DataError
from tfsiamese.pairs import AnyExamples, Examples, Pairs, StoredExamples, Triplets, read_texts
from tfsiamese.training.recipe import DataRecipe, Recipe
from tfsiamese.training.recipe_keys import CHECKPOINT

__all__ = ["assemble_data", "load_model", "make_retention", "make_stages"]

_logger = logging.getLogger(__name__)


def assemble_data(recipe: Recipe) -> RunData:
    """Reads every file of a recipe and holds out what is to be held out.

    Raises:
        DataError: a file cannot be used.
        SettingsError: a part to hold out is neither a fraction, nor a number of rows, nor a file.
    """
    data = RunData(recipe.head)
    for stage in recipe.stages:
        seed = int(stage.settings.get("seed", 0))
        data.prompts[stage.name] = stage.prompts
        for one in stage.data:
            training, validation = read_and_split(one, seed)
            data.training.setdefault(stage.name, {})[one.name] = training
            if validation is not None:
                data.validation.setdefault(stage.name, {})[one.name] = validation
    keep_held_out_rows_out(data)
    return data


def keep_held_out_rows_out(data: RunData) -> None:
    """Drops from all training data, of every stage, the rows that are held out anywhere.

    Raises:
        DataError: nothing is left of a data set.
    """
    every = [one for stage in data.validation.values() for one in stage.values()]
    held_out = {key for one in every for key in row_keys(one)}
    for stage in data.training.values():
        for name, examples in stage.items():
            if isinstance(examples, StoredExamples):
                stage[name] = _without(examples, every)
                continue
            kept = [key not in held_out for key in row_keys(examples)]
            dropped = len(kept) - sum(kept)
            if not any(kept):
                raise DataError(f"Every row of {examples.source} is validation data too. Name other validation data.")
            if dropped:
                _logger.warning("%s: %d rows are validation data too, and are left out.", examples.source, dropped)
                stage[name] = examples.take(kept)


def _without(examples: StoredExamples, held_out: list[Examples]) -> StoredExamples:
    rest = examples.without(held_out)
    if len(rest) < len(examples):
        dropped = len(examples) - len(rest)
        _logger.warning("%s: %d rows are validation data too, and are left out.", examples.source, dropped)
    return rest


def row_keys(examples: Examples) -> list[Any]:
    """What makes a row the same as one of another data set: its texts, of a pair in either order."""
    if isinstance(examples, Pairs):
        return [frozenset(texts) for texts in zip(examples.left, examples.right, strict=True)]
    if isinstance(examples, Triplets):
        return [frozenset(texts) for texts in zip(examples.anchors, examples.positives, strict=True)]
    return examples.frame["text"].tolist()


def load_model(recipe: Recipe) -> Any:
    """The siamese model round the recipe's encoder."""
    from tfsiamese.encoders import LoraSettings, load_encoder
    from tfsiamese.siamese import Siamese

    given = recipe.encoder
    options = {key: given[key] for key in ("freeze", "signature", "output_key", *CHECKPOINT) if key in given}
    if isinstance(options.get("lora"), dict):
        targets = {"targets": tuple(_several(options["lora"]["targets"]))} if "targets" in options["lora"] else {}
        options["lora"] = LoraSettings(**(options["lora"] | targets))
    return Siamese(load_encoder(given.get("encoder", "use-multilingual"), **options), recipe.head)


def make_stages(recipe: Recipe, data: RunData, show_progress: bool = False) -> list[Any]:
    """The stages as `fit_stages` takes them; one that stands alone is a plain run.

    Each of several stages chooses its best epoch by its own held-out data, unless a metric is named.

    Raises:
        SettingsError: a loss or a setting of it is unknown.
    """
    from tfsiamese.training import Stage

    evaluators = data.held_out_evaluators
    stages = []
    for stage in recipe.stages:
        losses = {one.name: _loss(one, data.training[stage.name][one.name], recipe) for one in stage.data}
        settings: dict[str, Any] = {"show_progress": show_progress} | stage.settings
        if stage.name in evaluators and recipe.is_staged:
            own = evaluators[stage.name][0]
            settings = {"monitor": f"{own.name}_{own.primary_metric}"} | settings
        elif not data.validation and not recipe.evaluation.get("retrieval"):
            # STS data shows what is kept; the epoch that keeps most is the one that learned least.
            settings = {"monitor": "none"} | settings
        stages.append(
            Stage(
                stage.name,
                _only(data.training[stage.name]),
                _only(losses),
                _only(data.validation.get(stage.name)),
                settings,
            )
        )
    return stages


def make_retention(recipe: Recipe) -> Any:
    """The retention with its texts read; None where there is none."""
    from tfsiamese.evaluation import read_sts
    from tfsiamese.training import Retention

    if not recipe.retention:
        return None
    file = recipe.retention["texts"]
    is_plain = Path(file).suffix.lower() in ("", ".txt")
    texts = [text for text in read_texts(file) if text.strip()] if is_plain else read_sts(file).texts()
    return Retention(texts, **{key: value for key, value in recipe.retention.items() if key != "texts"})


def _loss(one: DataRecipe, examples: AnyExamples, recipe: Recipe) -> Any:
    from tfsiamese.losses import get_loss
    from tfsiamese.training import DEFAULT_LOSSES

    name = one.loss.get("name") or DEFAULT_LOSSES[examples.shape]
    settings = dict(one.loss.get("settings", {}))
    head = settings.pop("head", recipe.head)
    return get_loss(name, head, **settings)


def _several(texts: "str | list[str]") -> list[str]:
    return [texts] if isinstance(texts, str) else texts


def _only(named: "dict[str, Any] | None") -> Any:
    """The only value, or all of them by name."""
    if not named:
        return None
    return next(iter(named.values())) if len(named) == 1 else named
