"""Fits a siamese model on examples."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfsiamese.encoders import Encoder
from tfsiamese.errors import SettingsError
from tfsiamese.siamese import Siamese
from tfsiamese.training.optimizers import RowSparseAdam
from tfsiamese.training.plan import Evaluator, TrainingPlan, require_siamese
from tfsiamese.training.retention import BaseVectors, Retention
from tfsiamese.training.run import Run
from tfsiamese.training.run_folder import RunFolder
from tfsiamese.training.schedules import WarmupDecay
from tfsiamese.training.strategies import make_strategy
from tfsiamese.training.tasks import ExamplesBy, LossBy, make_tasks, settings_for

__all__ = ["base_vectors", "chosen_strategy", "default_optimizer", "fit"]


def fit(
    model: Siamese,
    examples: ExamplesBy,
    *,
    validation: ExamplesBy | None = None,
    loss: LossBy = None,
    evaluator: Evaluator | None = None,
    retention: Retention | None = None,
    teacher: Encoder | None = None,
    optimizer: keras.optimizers.Optimizer | None = None,
    strategy: str | tf.distribute.Strategy | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    out: str | Path | None = None,
    resume: bool = False,
    **settings: Any,
) -> keras.callbacks.History:
    """Trains the model's encoder in place and ends with the weights of the best epoch.

    The same data, settings and seed give the same weights on the same machine. With `out`, a run that was
    interrupted in any way continues with `resume=True` to the weights that it would have had; only a SavedModel that
    draws random numbers of its own differs after a resumption. The dropout of a checkpoint follows from the seed.

    Args:
        model: the siamese model.
        examples: `Pairs`, `Triplets` or `LabelledTexts`, as `read_examples` gives them; or several of them by name,
            `{"titles": …, "questions": …}`, where each batch comes from one of them (`mixing`).
        validation: data to report `val_loss` on before, after and each epoch; where `examples` has names, by name.
        loss: a name of `tfsiamese.losses.LOSS_NAMES`, a `Loss`, or a function `(y_true, y_pred)` on the model's score;
            with several data sets one for all, or one for each by name. By default "mse" for scored pairs, "ranking"
            for anchors with positives, "batch-hard-soft-margin" for texts with classes.
        evaluator: called with the encoder before, after and each epoch; its primary metric chooses the best epoch.
        retention: general texts whose similarities are to stay as they are.
        teacher: the encoder that the losses "gist", "embedding-mse", "margin-mse" and "kl-divergence" learn from.
        optimizer: `RowSparseAdam` with β₂ = 0.9999 and clipnorm 1 by default. With your own, set the learning rate
            there, and leave `learning_rate`, `warmup` and `decay` alone.
        strategy: trains on several devices or workers: what `make_strategy` makes, or its name (but "multiworker",
            which has to be made first of all). The batch is that of one device: its texts are shared out, every loss
            sees the vectors of all, and losses and weights are those of one device within rounding (with dropout, each
            device drops by a seed of its own). Of several workers each calls the callbacks and the evaluator, which
            has to encode the same texts in all of them; the first one alone writes to `out`.
        callbacks: any Keras callbacks. Their own state is not part of a checkpoint.
        out: the run folder to write; nothing is written without one.
        resume: continue the run in `out`; start it where there is none.
        **settings: the attributes of `TrainingSettings`: epochs, batch_size, learning_rate, warmup, decay, seed, …

    Returns:
        A `keras.callbacks.History`: `history` by column, a value for each epoch; `before` and `after` hold the
        metrics, and `best_epoch` counts from 1 (None where nothing was monitored).

    Raises:
        SettingsError: a setting is wrong, a loss does not go with the data, or `out` holds another run.
        DataError: the loss cannot use the labels.
        TrainingError: nothing is trainable, or the loss is not finite. The model then has the last good weights.

    Example:
        >>> history = fit(Siamese(load_encoder("use-multilingual")), pairs, loss="mse", epochs=20, out="runs/jobs")
    """
    require_siamese(model)
    if optimizer is not None and not isinstance(optimizer, keras.optimizers.Optimizer):
        raise SettingsError(f"Expected a keras.optimizers.Optimizer. Received: {optimizer!r:.60}.")
    tasks = make_tasks(examples, validation, loss, head=model.head, has_teacher=teacher is not None)
    chosen = settings_for(tasks, settings, model.encoder.suggested_learning_rate)
    plan = TrainingPlan(model, tasks, chosen, evaluator, retention, teacher, chosen_strategy(strategy))
    if optimizer is not None and chosen.layer_decay != 1:
        raise SettingsError("layer_decay works with the default optimizer. Leave it out, or leave optimizer out.")
    optimizer = optimizer or default_optimizer(plan)
    config, kept = plan.config(optimizer), chosen.checkpoints_kept
    folder = RunFolder(out, config, resume, checkpoints_kept=kept) if out is not None else None
    base = base_vectors(plan, folder)
    # Only after the first measurements is anything written.
    return Run(plan, optimizer, callbacks, folder, base).run()


def chosen_strategy(strategy: str | tf.distribute.Strategy | None) -> tf.distribute.Strategy | None:
    """The strategy of that name, if it is one."""
    return make_strategy(strategy) if isinstance(strategy, str) else strategy


def base_vectors(plan: TrainingPlan, folder: RunFolder | None) -> BaseVectors | None:
    """What the retention stays near to: the vectors of the encoder as it is now, or as it was when the run began."""
    retention = plan.retention
    if retention is None:
        return None

    def compute() -> np.ndarray:
        return plan.model.encoder.encode(retention.distinct_texts())

    vectors = compute() if folder is None else folder.keep_array("retention", compute)
    return BaseVectors(retention, vectors, plan.settings.seed)


def default_optimizer(plan: TrainingPlan) -> keras.optimizers.Optimizer:
    """`RowSparseAdam` with the plan's learning rate and schedule."""
    settings = plan.settings
    warmup_steps = settings.warmup_steps(plan.total_steps)
    rate: float | WarmupDecay = settings.learning_rate
    if warmup_steps or settings.decay != "constant":
        rate = WarmupDecay(settings.learning_rate, plan.total_steps, warmup_steps, settings.decay)
    return RowSparseAdam(rate, rate_factors=_rate_factors(plan))


def _rate_factors(plan: TrainingPlan) -> list[float] | None:
    """What the learning rate of each trainable variable is multiplied by; None for one rate.

    Raises:
        SettingsError: the encoder has no known layers.
    """
    encoder, decay = plan.model.encoder, plan.settings.layer_decay
    if decay == 1:
        return None
    layers = encoder.layer_numbers
    if not layers:
        raise SettingsError(f"{encoder.source} has no known layers. Leave layer_decay out.")
    top = encoder.num_layers + 1
    names = [name for name, variable in encoder.named_variables if variable.trainable]
    return [decay ** (top - layers[name]) for name in names]
