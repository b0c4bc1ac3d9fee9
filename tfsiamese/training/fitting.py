"""Fits a siamese model on pairs."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from tfsiamese.losses import Loss, get_loss
from tfsiamese.pairs import Pairs
from tfsiamese.siamese import Siamese
from tfsiamese.training.optimizers import RowSparseAdam
from tfsiamese.training.plan import Evaluator, TrainingPlan
from tfsiamese.training.run import Run
from tfsiamese.training.run_folder import RunFolder
from tfsiamese.training.schedules import WarmupDecay
from tfsiamese.training.settings import TrainingSettings

__all__ = ["fit"]


def fit(
    model: Siamese,
    pairs: Pairs,
    *,
    validation: Pairs | None = None,
    loss: str | Loss | Callable = "mse",
    evaluator: Evaluator | None = None,
    optimizer: keras.optimizers.Optimizer | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    out: str | Path | None = None,
    resume: bool = False,
    **settings: Any,
) -> keras.callbacks.History:
    """Trains the model's encoder in place and ends with the weights of the best epoch.

    The same pairs, settings and seed give the same weights on the same machine. With `out`, a run that was
    interrupted in any way continues with `resume=True` to the weights that it would have had; only an encoder that
    draws random numbers of its own, such as dropout inside a SavedModel, differs after a resumption.

    Args:
        model: the siamese model.
        pairs: the training pairs.
        validation: pairs to report `val_loss` on before, after and each epoch.
        loss: a name of `tfsiamese.losses.LOSS_NAMES`, a `Loss`, or a function `(y_true, y_pred)` on the model's score.
        evaluator: called with the encoder before, after and each epoch; its primary metric chooses the best epoch.
        optimizer: `RowSparseAdam` with β₂ = 0.9999 and clipnorm 1 by default. With your own, set the learning rate
            there, and leave `learning_rate`, `warmup` and `decay` alone.
        callbacks: any Keras callbacks. Their own state is not part of a checkpoint.
        out: the run folder to write; nothing is written without one.
        resume: continue the run in `out`; start it where there is none.
        **settings: the attributes of `TrainingSettings`: epochs, batch_size, learning_rate, warmup, decay, seed, …

    Returns:
        A `keras.callbacks.History`: `history` by column, a value for each epoch; `before` and `after` hold the
        metrics, and `best_epoch` counts from 1 (None where nothing was monitored).

    Raises:
        SettingsError: a setting is wrong, or `out` holds another run.
        DataError: the loss cannot use the labels.
        TrainingError: nothing is trainable, or the loss is not finite. The model then has the last good weights.

    Example:
        >>> history = fit(Siamese(load_encoder("use-multilingual")), pairs, loss="mse", epochs=20, out="runs/jobs")
    """
    chosen = TrainingSettings.from_keywords(**settings)
    plan = TrainingPlan(model, pairs, validation, get_loss(loss, model.head), evaluator, chosen)
    optimizer = optimizer or _default_optimizer(plan)
    folder = RunFolder(out, plan.config(optimizer), resume) if out is not None else None
    # Only after the first measurements is anything written.
    return Run(plan, optimizer, callbacks, folder).run()


def _default_optimizer(plan: TrainingPlan) -> keras.optimizers.Optimizer:
    settings = plan.settings
    warmup_steps = settings.warmup_steps(plan.total_steps)
    rate: float | WarmupDecay = settings.learning_rate
    if warmup_steps or settings.decay != "constant":
        rate = WarmupDecay(settings.learning_rate, plan.total_steps, warmup_steps, settings.decay)
    return RowSparseAdam(rate)
