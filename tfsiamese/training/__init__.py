"""Model + data + loss -> fitted model: fit loop, optimizers, schedules, callbacks, distribution."""

from tfsiamese.training.fitting import fit
from tfsiamese.training.optimizers import RowSparseAdam
from tfsiamese.training.plan import Evaluator
from tfsiamese.training.progress import ProgressBar, TensorBoardLog
from tfsiamese.training.retention import Retention
from tfsiamese.training.schedules import DECAYS, WarmupDecay
from tfsiamese.training.settings import TrainingSettings
from tfsiamese.training.stages import Stage, fit_stages
from tfsiamese.training.strategies import STRATEGIES, make_strategy
from tfsiamese.training.tasks import DEFAULT_LOSSES

__all__ = [
    "DECAYS",
    "DEFAULT_LOSSES",
    "STRATEGIES",
    "Evaluator",
    "ProgressBar",
    "Retention",
    "RowSparseAdam",
    "Stage",
    "TensorBoardLog",
    "TrainingSettings",
    "WarmupDecay",
    "fit",
    "fit_stages",
    "make_strategy",
]
