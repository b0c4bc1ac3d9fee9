"""Embeddings + labels -> a number; never sees a model."""

from tfsiamese.losses.contrastive import (
    ContrastiveLoss,
    OnlineContrastiveLoss,
    contrastive_loss,
    online_contrastive_loss,
)
from tfsiamese.losses.loss import Loss, UnusableLabelError
from tfsiamese.losses.registry import LOSS_NAMES, get_loss
from tfsiamese.losses.regression import CosineSimilarityLoss, FunctionLoss, MeanSquaredErrorLoss, mean_squared_error

__all__ = [
    "LOSS_NAMES",
    "ContrastiveLoss",
    "CosineSimilarityLoss",
    "FunctionLoss",
    "Loss",
    "MeanSquaredErrorLoss",
    "OnlineContrastiveLoss",
    "UnusableLabelError",
    "contrastive_loss",
    "get_loss",
    "mean_squared_error",
    "online_contrastive_loss",
]
