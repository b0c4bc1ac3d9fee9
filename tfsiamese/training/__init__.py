"""Model + data + loss -> fitted model: fit loop, optimizers, schedules, callbacks."""

from tfsiamese.training.fitting import fit
from tfsiamese.training.optimizers import RowSparseAdam
from tfsiamese.training.plan import Evaluator
from tfsiamese.training.progress import ProgressBar, TensorBoardLog
from tfsiamese.training.schedules import DECAYS, WarmupDecay
from tfsiamese.training.settings import TrainingSettings

__all__ = [
    "DECAYS",
    "Evaluator",
    "ProgressBar",
    "RowSparseAdam",
    "TensorBoardLog",
    "TrainingSettings",
    "WarmupDecay",
    "fit",
]
