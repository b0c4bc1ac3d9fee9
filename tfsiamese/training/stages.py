"""Training in stages: noisy data first, clean data after, each with its own loss and rate.

References: Wang et al., "Text Embeddings by Weakly-Supervised Contrastive Pre-training" (E5), arXiv:2212.03533; Xiao et
al., "C-Pack" (BGE), arXiv:2309.07597: both train on a large noisy set first and on labelled data after.
"""

import dataclasses
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfsiamese.encoders import Encoder
from tfsiamese.errors import SettingsError
from tfsiamese.siamese import Siamese
from tfsiamese.training.fitting import base_vectors, chosen_strategy, default_optimizer
from tfsiamese.training.optimizers import RowSparseAdam
from tfsiamese.training.plan import Evaluator, TrainingPlan, require_siamese
from tfsiamese.training.retention import BaseVectors, Retention
from tfsiamese.training.run import Run
from tfsiamese.training.run_folder import RunFolder
from tfsiamese.training.sample_texts import sample_texts
from tfsiamese.training.tasks import ExamplesBy, LossBy, make_tasks, settings_for

__all__ = ["Stage", "fit_stages"]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stage:
    """One stage: what `fit` takes for it.

    Attributes:
        name: letters, digits, "-" and "_"; names a folder.
        examples: one data set, or several by name.
        loss: as `fit` takes it.
        validation: as `fit` takes it.
        settings: the attributes of `TrainingSettings`.

    Raises:
        SettingsError: the name cannot name a folder.
    """

    name: str
    examples: ExamplesBy
    loss: LossBy = None
    validation: ExamplesBy | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not re.fullmatch(r"[\w-]{1,64}", self.name):
            raise SettingsError(
                f"Expected a stage's name to be up to 64 letters, digits, '-' and '_'. Received: {self.name!r:.80}."
            )


def fit_stages(
    model: Siamese,
    stages: Sequence[Stage],
    *,
    evaluator: Evaluator | None = None,
    retention: Retention | None = None,
    teacher: Encoder | None = None,
    strategy: str | tf.distribute.Strategy | None = None,
    out: str | Path | None = None,
    resume: bool = False,
) -> list[keras.callbacks.History]:
    """Runs `fit` stage after stage on one encoder; each starts with the best weights of the one before.

    The optimizer and the learning rate's schedule start anew with each stage. The retention holds the encoder near to
    what it was before the first one. `out` holds the encoder and the metrics of the whole, and in `stages/<name>` what
    `fit` writes but for the encoder.

    Args:
        model: the siamese model; its encoder is trained in place.
        stages: at least one, with different names.
        evaluator: as in `fit`, for every stage.
        retention: as in `fit`.
        teacher: as in `fit`.
        strategy: as in `fit`.
        out: the run folder to write; nothing is written without one.
        resume: continue the run in `out` with the stage at which it was interrupted.

    Returns:
        The history of each stage, as `fit` returns it.

    Raises:
        SettingsError, DataError, TrainingError: as in `fit`; the data of every stage is checked before the first
            starts.

    Example:
        >>> stages = [Stage("noisy", titles, settings={"epochs": 1}), Stage("clean", scored, loss="cosent")]
        >>> histories = fit_stages(model, stages, out="runs/jobs")
    """
    require_siamese(model)
    if not all(isinstance(stage, Stage) for stage in stages):
        raise SettingsError("Expected a list of stages. Make each with Stage(name, examples, …).")
    names = [stage.name for stage in stages]
    if not stages or len(set(names)) < len(names):
        raise SettingsError(
            f"Expected at least one stage, and different names. Received: {', '.join(names) or 'none'}."
        )
    has_teacher, strategy = teacher is not None, chosen_strategy(strategy)
    plans = []
    for stage in stages:
        tasks = make_tasks(stage.examples, stage.validation, stage.loss, head=model.head, has_teacher=has_teacher)
        settings = settings_for(tasks, stage.settings, model.encoder.suggested_learning_rate)
        plans.append(TrainingPlan(model, tasks, settings, evaluator, retention, teacher, strategy))
    folder = RunFolder(out, _config(plans, names), resume) if out is not None else None
    base = base_vectors(plans[0], folder)
    histories = []
    run: Run | None = None
    for number, (name, plan) in enumerate(zip(names, plans, strict=True), start=1):
        _logger.info("stage %d of %d: %s", number, len(stages), name)
        place = None if out is None else Path(out) / "stages" / name
        # A copy, so that the batches go with the stage.
        run = None  # Before the next stage makes replicas of the encoder, those of the last one go.
        run = _stage_run(dataclasses.replace(plan), base, place, resume)
        if folder is not None and number == 1:
            folder.is_written = run.is_chief
            folder.begin()
        histories.append(run.run())
    if folder is not None:
        folder.write_history(_joined(names, histories))
        folder.write_encoder(model.encoder, model.head)
        folder.write_sample_texts(sample_texts(plans))
        folder.write_metrics(_metrics(names, histories))
    if run is not None:
        run.wait_for_all()
    return histories


def _stage_run(plan: TrainingPlan, base: BaseVectors | None, out: Path | None, resume: bool) -> Run:
    optimizer = default_optimizer(plan)
    config, kept = plan.config(optimizer), plan.settings.checkpoints_kept
    folder = None if out is None else RunFolder(out, config, resume, keeps_encoder=False, checkpoints_kept=kept)
    return Run(plan, optimizer, (), folder, base)


def _config(plans: Sequence[TrainingPlan], names: Sequence[str]) -> dict[str, Any]:
    """What decides the outcome of all stages; the optimizer of each is in its own folder."""
    configs = [plan.config(RowSparseAdam()) for plan in plans]
    stages = {
        name: {key: config[key] for key in ("settings", "data")} for name, config in zip(names, configs, strict=True)
    }
    shared = {key: configs[0][key] for key in ("encoder", "head", "retention", "teacher", "evaluation")}
    return shared | {"stages": stages}


def _joined(names: Sequence[str], histories: Sequence[keras.callbacks.History]) -> list[dict[str, Any]]:
    """One row for each epoch of each stage."""
    return [
        {"stage": name} | {column: values[epoch] for column, values in history.history.items()}
        for name, history in zip(names, histories, strict=True)
        for epoch in range(len(history.epoch))
    ]


def _metrics(names: Sequence[str], histories: Sequence[keras.callbacks.History]) -> dict[str, Any]:
    """The evaluator's metrics round all stages, and all of each stage; losses differ from stage to stage."""
    stages = {
        name: {"before": history.before, "after": history.after, "best_epoch": history.best_epoch}
        for name, history in zip(names, histories, strict=True)
    }
    first, last = histories[0].before, histories[-1].after
    shared = [name for name in first if name in last and not name.startswith("val_")]
    before, after = ({name: metrics[name] for name in shared} for metrics in (first, last))
    return {"before": before, "after": after, "stages": stages}
