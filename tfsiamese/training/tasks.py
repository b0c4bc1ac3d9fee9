"""From what a user hands to `fit` to tasks: one data set or several by name, each with its loss."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tfsiamese.errors import SettingsError
from tfsiamese.losses import Loss, get_loss
from tfsiamese.pairs import Examples
from tfsiamese.training.settings import TrainingSettings, defaults_for_shape
from tfsiamese.training.task import Task

__all__ = ["DEFAULT_LOSSES", "ExamplesBy", "LossBy", "make_tasks", "settings_for"]

DEFAULT_LOSSES = {"pairs": "mse", "triplets": "ranking", "classes": "batch-hard-soft-margin"}

ExamplesBy = Examples | Mapping[str, Examples]
LossBy = str | Loss | Callable | None | Mapping[str, "str | Loss | Callable | None"]


def make_tasks(
    examples: ExamplesBy,
    validation: ExamplesBy | None = None,
    loss: LossBy = None,
    *,
    head: str = "angular",
    has_teacher: bool = False,
) -> tuple[Task, ...]:
    """Puts data sets, their validation data and their losses together; the first three arguments as in `fit`.

    Args:
        examples: a single data set is called "training".
        validation: the same shapes.
        loss: one for all data sets, or by name.
        head: the similarity for losses on the model's score.
        has_teacher: there is an encoder that losses can learn from.

    Raises:
        SettingsError: a name has no data set, a loss is unknown, or does not go with the data.
        DataError: a loss cannot use the labels.
    """
    data = dict(examples) if isinstance(examples, Mapping) else {"training": examples}
    if not data:
        raise SettingsError("There is no data to train on. Expected at least one data set.")
    watched = _by_name(validation, data, "validation")
    losses = _by_name(loss, data, "loss") if isinstance(loss, Mapping) else dict.fromkeys(data, loss)
    tasks = []
    for name, rows in data.items():
        if not isinstance(rows, Examples):
            raise SettingsError(
                f"The data set {name!r} is of type {type(rows).__name__}. Expected Pairs, Triplets or LabelledTexts: "
                "read a file with read_examples(…)."
            )
        chosen = losses.get(name)
        resolved = get_loss(DEFAULT_LOSSES[rows.shape] if chosen is None else chosen, head)
        tasks.append(Task(name, rows, resolved, watched.get(name), has_teacher))
    return tuple(tasks)


def settings_for(tasks: Sequence[Task], settings: Mapping[str, Any]) -> TrainingSettings:
    """The given settings over the defaults of the data's shape; where shapes are mixed, over those for comparisons.

    Raises:
        SettingsError: a setting is unknown or out of range.
    """
    shapes = {task.examples.shape for task in tasks}
    defaults = defaults_for_shape(shapes.pop() if len(shapes) == 1 else "triplets")
    return TrainingSettings.from_keywords(**(defaults | dict(settings)))


def _by_name(given: Any, data: Mapping[str, Examples], what: str) -> dict[str, Any]:
    """Values by data set; a single one belongs to the only data set."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        if len(data) > 1:
            raise SettingsError(f"There are several data sets, so {what} must name them: {{name: …}}.")
        return dict.fromkeys(data, given)
    unknown = [name for name in given if name not in data]
    if unknown:
        raise SettingsError(
            f"{what} names the data set {unknown[0]!r}, which does not exist. Expected names among {', '.join(data)}."
        )
    return dict(given)
