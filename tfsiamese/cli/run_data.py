"""The data of a run, what is measured on it, and what plots show of it."""

import functools
import logging
from dataclasses import dataclass, field
from typing import Any

from tfsiamese.errors import DataError
from tfsiamese.pairs import AnyExamples, Examples, LabelledTexts, Pairs, StoredExamples, Triplets
from tfsiamese.pairs.contrast import contrasting_pairs
from tfsiamese.training.recipe import Recipe

__all__ = ["RunData"]

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


def _pool(examples: AnyExamples) -> Examples:
    """Training data that partners and documents are taken from: of stored examples a sample."""
    return examples.sample(_POOL_ROWS) if isinstance(examples, StoredExamples) else examples
