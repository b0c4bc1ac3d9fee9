"""From a recipe to what `train` runs: data that is read and split, evaluators, stages, model."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tfsiamese.errors import SettingsError
from tfsiamese.pairs import Examples, Pairs, Triplets, read_examples, read_texts
from tfsiamese.pairs.contrast import contrasting_pairs
from tfsiamese.training.recipe import DataRecipe, Recipe

__all__ = ["RunData", "assemble_data", "load_model", "make_retention", "make_stages"]


@dataclass
class RunData:
    """The data of a run, by stage and by name within it."""

    training: dict[str, dict[str, Examples]] = field(default_factory=dict)
    validation: dict[str, dict[str, Examples]] = field(default_factory=dict)

    @property
    def contrast(self) -> Pairs:
        """Pairs for the score scatter: held-out ones where there are any."""
        chosen = self.validation or self.training
        stage, named = next(iter(chosen.items()))
        name, examples = next(iter(named.items()))
        return contrasting_pairs(examples, pool=self.training[stage][name])

    def evaluator(self, recipe: Recipe, head: str) -> Any:
        """All that is measured before, after and each epoch; None where nothing is."""
        from tfsiamese.evaluation import EvaluatorSequence, RetrievalEvaluator, StsEvaluator

        evaluators = [one for held_out in self.held_out_evaluators(head).values() for one in held_out]
        if recipe.evaluation.get("retrieval"):
            evaluators.append(RetrievalEvaluator(recipe.evaluation["retrieval"]))
        if recipe.evaluation.get("sts"):
            evaluators.append(StsEvaluator(recipe.evaluation["sts"]))
        return EvaluatorSequence(evaluators) if evaluators else None

    def held_out_evaluators(self, head: str) -> dict[str, list[Any]]:
        """The evaluators on held-out data by stage; a single one is called "validation"."""
        places = [(stage, name) for stage, held_out in self.validation.items() for name in held_out]
        evaluators: dict[str, list[Any]] = {}
        for stage, name in places:
            label = "validation" if len(places) == 1 else f"{stage}_{name}" if len(self.training) > 1 else name
            evaluators.setdefault(stage, []).append(self._held_out_evaluator(stage, name, label, head))
        return evaluators

    def _held_out_evaluator(self, stage: str, name: str, label: str, head: str) -> Any:
        from tfsiamese.evaluation import PairEvaluator, RetrievalData, RetrievalEvaluator

        held_out, training = self.validation[stage][name], self.training[stage][name]
        if isinstance(held_out, Triplets) and isinstance(training, Triplets):
            corpus = list(dict.fromkeys([*training.positives, *held_out.positives]))
            return RetrievalEvaluator(RetrievalData.from_triplets(held_out, corpus=corpus), label)
        return PairEvaluator(contrasting_pairs(held_out, pool=training), label, head)


def assemble_data(recipe: Recipe) -> RunData:
    """Reads every file of a recipe and holds out what is to be held out.

    Raises:
        DataError: a file cannot be used.
        SettingsError: a part to hold out is neither a fraction, nor a number of rows, nor a file.
    """
    data = RunData()
    for stage in recipe.stages:
        seed = int(stage.settings.get("seed", 0))
        for one in stage.data:
            training, validation = _split(one, seed)
            data.training.setdefault(stage.name, {})[one.name] = training
            if validation is not None:
                data.validation.setdefault(stage.name, {})[one.name] = validation
    return data


def load_model(recipe: Recipe) -> Any:
    """The siamese model round the recipe's encoder."""
    from tfsiamese.encoders import load_encoder
    from tfsiamese.siamese import Siamese

    given = recipe.encoder
    options = {key: given[key] for key in ("freeze", "signature", "output_key") if key in given}
    return Siamese(load_encoder(given.get("encoder", "use-multilingual"), **options), given.get("head", "angular"))


def make_stages(recipe: Recipe, data: RunData, show_progress: bool = False) -> list[Any]:
    """The stages as `fit_stages` takes them; one that stands alone is a plain run.

    Each of several stages chooses its best epoch by its own held-out data, unless a metric is named.

    Raises:
        SettingsError: a loss or a setting of it is unknown.
    """
    from tfsiamese.training import Stage

    evaluators = data.held_out_evaluators(recipe.encoder.get("head", "angular"))
    stages = []
    for stage in recipe.stages:
        losses = {one.name: _loss(one, data.training[stage.name][one.name], recipe) for one in stage.data}
        settings = {"show_progress": show_progress} | stage.settings
        if stage.name in evaluators and recipe.is_staged:
            own = evaluators[stage.name][0]
            settings = {"monitor": f"{own.name}_{own.primary_metric}"} | settings
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


def _loss(one: DataRecipe, examples: Examples, recipe: Recipe) -> Any:
    from tfsiamese.losses import get_loss
    from tfsiamese.training import DEFAULT_LOSSES

    name = one.loss.get("name") or DEFAULT_LOSSES[examples.shape]
    return get_loss(name, recipe.encoder.get("head", "angular"), **one.loss.get("settings", {}))


def _split(one: DataRecipe, seed: int) -> "tuple[Examples, Examples | None]":
    examples = read_examples(one.file, **one.reading)
    try:
        part = float(one.validation)
    except ValueError:
        return examples, read_examples(one.validation, **one.reading)
    if part == 0:
        return examples, None
    if part < 0 or (part >= 1 and not part.is_integer()):
        raise SettingsError(
            "Expected --validation to be a fraction below 1, a number of rows, 0, or a file. "
            f"Received: {one.validation}."
        )
    return examples.split(int(part) if part >= 1 else part, seed=seed)


def _only(named: "dict[str, Any] | None") -> Any:
    """The only value, or all of them by name."""
    if not named:
        return None
    return next(iter(named.values())) if len(named) == 1 else named
