"""Encoder + labelled texts -> named scores."""

from tfsiamese.evaluation.binary_metrics import BestAccuracy, BestF1, average_precision, best_accuracy, best_f1
from tfsiamese.evaluation.correlations import pearson, spearman
from tfsiamese.evaluation.evaluators import Evaluator, EvaluatorSequence, PairEvaluator, StsEvaluator, evaluate
from tfsiamese.evaluation.labelled_pairs import evaluate_pairs
from tfsiamese.evaluation.public_data import PUBLIC_DATA, PublicData, fetch_data
from tfsiamese.evaluation.sts import evaluate_sts, read_sts

__all__ = [
    "PUBLIC_DATA",
    "BestAccuracy",
    "BestF1",
    "Evaluator",
    "EvaluatorSequence",
    "PairEvaluator",
    "PublicData",
    "StsEvaluator",
    "average_precision",
    "best_accuracy",
    "best_f1",
    "evaluate",
    "evaluate_pairs",
    "evaluate_sts",
    "fetch_data",
    "pearson",
    "read_sts",
    "spearman",
]
