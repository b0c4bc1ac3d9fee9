"""From what a user writes to a loss."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from tfsiamese.errors import SettingsError
from tfsiamese.losses.batch_triplets import (
    BatchAllTripletLoss,
    BatchHardSoftMarginTripletLoss,
    BatchHardTripletLoss,
    BatchSemiHardTripletLoss,
)
from tfsiamese.losses.contrastive import ContrastiveLoss, OnlineContrastiveLoss
from tfsiamese.losses.distillation import EmbeddingMSELoss, KLDivergenceLoss, MarginMSELoss
from tfsiamese.losses.gist import GISTEmbedLoss
from tfsiamese.losses.loss import Loss
from tfsiamese.losses.matryoshka import MatryoshkaLoss
from tfsiamese.losses.ordering import AnglELoss, CoSENTLoss
from tfsiamese.losses.ranking import MultipleNegativesRankingLoss
from tfsiamese.losses.regression import CosineSimilarityLoss, FunctionLoss, MeanSquaredErrorLoss
from tfsiamese.losses.triplet import TripletLoss
from tfsiamese.suggestions import did_you_mean

__all__ = ["LOSS_ALIASES", "LOSS_NAMES", "get_loss"]

_CLASSES: dict[str, type[Loss]] = {
    loss_class.name: loss_class
    for loss_class in (
        MeanSquaredErrorLoss,
        CosineSimilarityLoss,
        ContrastiveLoss,
        OnlineContrastiveLoss,
        CoSENTLoss,
        AnglELoss,
        MultipleNegativesRankingLoss,
        GISTEmbedLoss,
        TripletLoss,
        BatchHardTripletLoss,
        BatchHardSoftMarginTripletLoss,
        BatchSemiHardTripletLoss,
        BatchAllTripletLoss,
        MarginMSELoss,
        KLDivergenceLoss,
        EmbeddingMSELoss,
    )
}

LOSS_NAMES = tuple(_CLASSES)

LOSS_ALIASES = {"infonce": MultipleNegativesRankingLoss.name, "mnrl": MultipleNegativesRankingLoss.name}
"""Other names that a loss is known by."""


def get_loss(
    loss: str | Loss | Callable,
    head: str = "angular",
    margin: float | None = None,
    *,
    matryoshka_dims: Sequence[int] | None = None,
    matryoshka_weights: Sequence[float] | None = None,
    **settings: Any,
) -> Loss:
    """Resolves a loss.

    Args:
        loss: one of `LOSS_NAMES` or `LOSS_ALIASES`, a `Loss`, or a function `(y_true, y_pred)` on the model's score,
            such as a `keras.losses.Loss`.
        head: the similarity for losses on the model's score.
        margin: for the losses that have one.
        matryoshka_dims: wraps the loss in a `MatryoshkaLoss` of these dims.
        matryoshka_weights: a weight for each of them; 1 if None.
        **settings: the settings of the named loss's class. One that is None is left at its default.

    Raises:
        SettingsError: the name is unknown, or the loss has no such setting.

    Example:
        >>> get_loss("ranking", scale=30.0, matryoshka_dims=[512, 128])
        MatryoshkaLoss(loss={'name': 'ranking', 'config': {'scale': 30.0, …}}, dims=[512, 128], weights=[1.0, 1.0])
    """
    given = {key: value for key, value in {"margin": margin, **settings}.items() if value is not None}
    built = _built(loss, head, given)
    for name, values in (("matryoshka_dims", matryoshka_dims), ("matryoshka_weights", matryoshka_weights)):
        if values is not None and (isinstance(values, str) or not isinstance(values, Sequence)):
            raise SettingsError(f"Expected {name} to be a list of numbers. Received: {name}={values!r}.")
    if matryoshka_dims is not None:
        return MatryoshkaLoss(built, matryoshka_dims, matryoshka_weights)
    if matryoshka_weights is not None:
        raise SettingsError("Expected matryoshka dims with the matryoshka weights. Name the dims, or no weights.")
    return built


def _built(loss: str | Loss | Callable, head: str, settings: dict[str, Any]) -> Loss:
    if isinstance(loss, str) and (name := LOSS_ALIASES.get(loss, loss)) in _CLASSES:
        return _of_class(_CLASSES[name], head, settings)
    if isinstance(loss, str) or not (isinstance(loss, Loss) or callable(loss)):
        names = (*LOSS_NAMES, *LOSS_ALIASES)
        raise SettingsError(
            f"Unknown loss {loss!r}.{did_you_mean(loss, names)} Expected one of {', '.join(LOSS_NAMES)}, a Loss, or a "
            "function."
        )
    if settings:
        raise SettingsError(
            f"The settings {', '.join(settings)} are for losses by name. Received the loss {loss!r}: set them there."
        )
    return loss if isinstance(loss, Loss) else FunctionLoss(loss, head)


def _of_class(loss_class: type[Loss], head: str, settings: dict[str, Any]) -> Loss:
    known = [name for name in inspect.signature(loss_class).parameters if name != "head"]
    for name in settings:
        if name not in known:
            expected = f"Expected one of {', '.join(known)}." if known else "It has nothing to set."
            raise SettingsError(
                f"The loss {loss_class.name!r} has no setting {name!r}.{did_you_mean(name, known)} {expected}"
            )
    if "head" in inspect.signature(loss_class).parameters:
        settings = {"head": head, **settings}
    return loss_class(**settings)
