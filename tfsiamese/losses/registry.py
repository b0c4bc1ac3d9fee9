"""From what a user writes to a loss."""

from collections.abc import Callable

from tfsiamese.errors import SettingsError
from tfsiamese.losses.contrastive import ContrastiveLoss, OnlineContrastiveLoss
from tfsiamese.losses.loss import Loss
from tfsiamese.losses.regression import CosineSimilarityLoss, FunctionLoss, MeanSquaredErrorLoss

__all__ = ["LOSS_NAMES", "get_loss"]

LOSS_NAMES = (
    MeanSquaredErrorLoss.name,
    CosineSimilarityLoss.name,
    ContrastiveLoss.name,
    OnlineContrastiveLoss.name,
)


def get_loss(loss: str | Loss | Callable, head: str = "angular", margin: float | None = None) -> Loss:
    """Resolves a loss.

    Args:
        loss: one of `LOSS_NAMES`, a `Loss`, or a function `(y_true, y_pred)` on the model's score, such as a
            `keras.losses.Loss`.
        head: the similarity for losses on the model's score.
        margin: for the contrastive losses; 0.5 if not given.

    Raises:
        SettingsError: the name is unknown, or the loss has no margin.
    """
    contrastive = {cls.name: cls for cls in (ContrastiveLoss, OnlineContrastiveLoss)}
    if isinstance(loss, str) and loss in contrastive:
        return contrastive[loss]() if margin is None else contrastive[loss](margin=margin)
    if margin is not None:
        raise SettingsError(f"The loss {loss!r} has no margin. Only {' and '.join(contrastive)} have one.")
    if isinstance(loss, Loss):
        return loss
    if loss == MeanSquaredErrorLoss.name:
        return MeanSquaredErrorLoss(head)
    if loss == CosineSimilarityLoss.name:
        return CosineSimilarityLoss()
    if callable(loss):
        return FunctionLoss(loss, head)
    raise SettingsError(f"Unknown loss {loss!r}. Expected one of {', '.join(LOSS_NAMES)}, a Loss, or a function.")
