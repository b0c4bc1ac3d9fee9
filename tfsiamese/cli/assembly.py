"""From a recipe to what `train` runs: data that is read and split, evaluators, stages, model."""

import functools
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs import (
    AnyExamples,
    Examples,
    LabelledTexts,
    Pairs,
    StoredExamples,
    Triplets,
    read_examples,
    read_texts,
    stream_examples,
)
from tfsiamese.pairs.contrast import contrasting_pairs
from tfsiamese.pairs.shards import is_sharded
from tfsiamese.pairs.streaming import is_large
from tfsiamese.training.recipe import DataRecipe, Recipe
from tfsiamese.training.recipe_keys import CHECKPOINT

__all__ = ["RunData", "assemble_data", "load_model", "make_retention", "make_stages"]

_logger = logging.getLogger(__name__)

_OTHER_EVALUATORS = ("sts", "retrieval")

# A scatter of more points is a cloud, and each is encoded before and after.
_MOST_SHOWN = 2000

# Of stored examples so many random rows stand for all where partners and documents come from the training data.
_POOL_ROWS = 10_000


@dataclass
class RunData:
    """The data of a run, by stage and by name within it; `head` is the model's similarity.

    `prompts` are those that were given, by stage.
    """

    head: str
    training: dict[str, dict[str, AnyExamples]] = field(default_factory=dict)
    validation: dict[str, dict[str, Examples]] = field(default_factory=dict)
    prompts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @functools.cached_property
    def shown(self) -> Examples:
        """What the plots show: held-out data where there is any; of stored examples a sample."""
        named: Any = self.validation or self.training
        found: AnyExamples = next(iter(next(iter(named.values())).values()))
        if not isinstance(found, StoredExamples):
            return found
        if len(found) > _MOST_SHOWN:
            _logger.info("%s: the plots are of a sample of %d rows.", found.source, _MOST_SHOWN)
        return found.sample(_MOST_SHOWN)

    @property
    def contrast(self) -> Pairs | None:
        """Pairs of it for the score scatter; None where there are too few rows to make them of."""
        training = next(iter(next(iter(self.training.values())).values()))
        try:
            return contrasting_pairs(self.shown, pool=_pool(training), most_rows=_MOST_SHOWN)
        except DataError:
            return None

    def shown_prompts(self, encoder: Any) -> Any:
        """The prompts of both sides of `contrast`."""
        from tfsiamese.search import chosen_prompts, retrieval_prompts

        given = self._prompts_of(next(iter(self.validation or self.training)), self.shown)
        return (retrieval_prompts if isinstance(self.shown, Triplets) else chosen_prompts)(encoder, **given)

    def _prompts_of(self, stage: str, examples: Examples) -> dict[str, Any]:
        """Those given for a stage; texts with classes stand on both sides of a pair."""
        given = self.prompts.get(stage, {})
        if isinstance(examples, LabelledTexts):
            return dict.fromkeys(("query_prompt", "passage_prompt"), given.get("query_prompt"))
        return given

    def evaluator(self, recipe: Recipe) -> Any:
        """All that is measured before, after and each epoch; None where nothing is."""
        from tfsiamese.evaluation import EvaluatorSequence, RetrievalEvaluator, StsEvaluator

        evaluators = [one for held_out in self.held_out_evaluators.values() for one in held_out]
        if recipe.evaluation.get("retrieval"):
            evaluators.append(RetrievalEvaluator(recipe.evaluation["retrieval"], **recipe.stages[-1].prompts))
        if recipe.evaluation.get("sts"):
            evaluators.append(StsEvaluator(recipe.evaluation["sts"]))
        return EvaluatorSequence(evaluators) if evaluators else None

    @functools.cached_property
    def held_out_evaluators(self) -> dict[str, list[Any]]:
        """The evaluators on held-out data by stage; a single one is called "validation"."""
        places = [(stage, name) for stage, held_out in self.validation.items() for name in held_out]
        evaluators: dict[str, list[Any]] = {}
        for stage, name in places:
            label = "validation" if len(places) == 1 else f"{stage}_{name}" if len(self.training) > 1 else name
            if label in _OTHER_EVALUATORS:
                label = f"{label}_held_out"
            evaluator = self._held_out_evaluator(stage, name, label)
            if evaluator is not None:
                evaluators.setdefault(stage, []).append(evaluator)
        return evaluators

    def _held_out_evaluator(self, stage: str, name: str, label: str) -> Any:
        from tfsiamese.evaluation import PairEvaluator, RetrievalData, RetrievalEvaluator

        held_out, training = self.validation[stage][name], _pool(self.training[stage][name])
        prompts = self._prompts_of(stage, held_out)
        if isinstance(held_out, Triplets) and isinstance(training, Triplets):
            return RetrievalEvaluator(RetrievalData.from_triplets(held_out, known=training), label, **prompts)
        if isinstance(held_out, Pairs):
            return PairEvaluator(held_out, label, self.head, **prompts)
        try:
            return PairEvaluator(contrasting_pairs(held_out, pool=training), label, self.head, **prompts)
        except DataError as error:
            _logger.warning("%s Only the loss is measured on the held-out data.", error)
            return None


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
            training, validation = _split(one, seed)
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


def _pool(examples: AnyExamples) -> Examples:
    """Training data that partners and documents are taken from: of stored examples a sample."""
    return examples.sample(_POOL_ROWS) if isinstance(examples, StoredExamples) else examples


def _read(file: str, reading: dict[str, Any], stream: bool | None) -> AnyExamples:
    """The rows of a file, or of all files of a pattern or a folder; streamed if asked for, or if they are large."""
    if not is_sharded(file) and not stream and (stream is not None or not is_large(file)):
        return read_examples(file, **reading)
    examples = stream_examples(file, **reading)
    return examples if stream or (stream is None and is_large(file)) else examples.load()


def _read_into_memory(file: str, reading: dict[str, Any]) -> Examples:
    found = _read(file, reading, stream=False)
    return found.load() if isinstance(found, StoredExamples) else found


def _split(one: DataRecipe, seed: int) -> "tuple[AnyExamples, Examples | None]":
    examples = _read(one.file, one.reading, one.stream)
    try:
        part = float(one.validation)
    except ValueError:
        return examples, _read_into_memory(one.validation, one.reading)
    if part == 0:
        return examples, None
    if part < 0 or (part >= 1 and not part.is_integer()):
        raise SettingsError(
            "Expected --validation to be a fraction below 1, a number of rows, 0, or a file. "
            f"Received: {one.validation}."
        )
    return examples.split(int(part) if part >= 1 else part, seed=seed)


def _several(texts: "str | list[str]") -> list[str]:
    return [texts] if isinstance(texts, str) else texts


def _only(named: "dict[str, Any] | None") -> Any:
    """The only value, or all of them by name."""
    if not named:
        return None
    return next(iter(named.values())) if len(named) == 1 else named
