"""Embeddings + labels -> a number; never sees a model."""

from tfsiamese.losses.batch_triplets import (
    BatchAllTripletLoss,
    BatchHardSoftMarginTripletLoss,
    BatchHardTripletLoss,
    BatchSemiHardTripletLoss,
    batch_all_triplet_loss,
    batch_hard_triplet_loss,
    batch_semi_hard_triplet_loss,
)
from tfsiamese.losses.contrastive import (
    ContrastiveLoss,
    OnlineContrastiveLoss,
    contrastive_loss,
    online_contrastive_loss,
)
from tfsiamese.losses.distillation import (
    EmbeddingMSELoss,
    KLDivergenceLoss,
    MarginMSELoss,
    embedding_mse_loss,
    kl_divergence_loss,
    margin_mse_loss,
)
from tfsiamese.losses.gist import GISTEmbedLoss, GISTOptions, gist_embed_loss
from tfsiamese.losses.loss import Loss, UnusableLabelError
from tfsiamese.losses.matryoshka import MatryoshkaLoss
from tfsiamese.losses.ordering import AnglELoss, CoSENTLoss, angle_similarity, cosent_loss
from tfsiamese.losses.ranking import MultipleNegativesRankingLoss, multiple_negatives_ranking_loss
from tfsiamese.losses.registry import LOSS_ALIASES, LOSS_NAMES, get_loss
from tfsiamese.losses.regression import CosineSimilarityLoss, FunctionLoss, MeanSquaredErrorLoss, mean_squared_error
from tfsiamese.losses.retention import retention_loss
from tfsiamese.losses.triplet import TripletLoss, triplet_loss

__all__ = [
    "LOSS_ALIASES",
    "LOSS_NAMES",
    "AnglELoss",
    "BatchAllTripletLoss",
    "BatchHardSoftMarginTripletLoss",
    "BatchHardTripletLoss",
    "BatchSemiHardTripletLoss",
    "CoSENTLoss",
    "ContrastiveLoss",
    "CosineSimilarityLoss",
    "EmbeddingMSELoss",
    "FunctionLoss",
    "GISTEmbedLoss",
    "GISTOptions",
    "KLDivergenceLoss",
    "Loss",
    "MarginMSELoss",
    "MatryoshkaLoss",
    "MeanSquaredErrorLoss",
    "MultipleNegativesRankingLoss",
    "OnlineContrastiveLoss",
    "TripletLoss",
    "UnusableLabelError",
    "angle_similarity",
    "batch_all_triplet_loss",
    "batch_hard_triplet_loss",
    "batch_semi_hard_triplet_loss",
    "contrastive_loss",
    "cosent_loss",
    "embedding_mse_loss",
    "get_loss",
    "gist_embed_loss",
    "kl_divergence_loss",
    "margin_mse_loss",
    "mean_squared_error",
    "multiple_negatives_ranking_loss",
    "online_contrastive_loss",
    "retention_loss",
    "triplet_loss",
]
