"""Encoder + labelled texts -> named scores."""

from tfsiamese.evaluation.binary_metrics import (
    BestAccuracy,
    BestF1,
    BestMcc,
    average_precision,
    best_accuracy,
    best_f1,
    best_mcc,
)
from tfsiamese.evaluation.correlations import pearson, spearman
from tfsiamese.evaluation.evaluators import Evaluator, EvaluatorSequence, PairEvaluator, StsEvaluator, evaluate
from tfsiamese.evaluation.labelled_pairs import evaluate_pairs
from tfsiamese.evaluation.paraphrase_accuracy import (
    ParaphraseMiningEvaluator,
    evaluate_paraphrase_mining,
    transitive_closure,
)
from tfsiamese.evaluation.public_data import PUBLIC_DATA, PublicData, fetch_data
from tfsiamese.evaluation.ranking_metrics import (
    accuracy_at,
    average_precision_at,
    ndcg_at,
    precision_at,
    recall_at,
    reciprocal_rank_at,
)
from tfsiamese.evaluation.reranking import RerankingEvaluator, RerankingSample, evaluate_reranking, reranking_samples
from tfsiamese.evaluation.retrieval import RetrievalEvaluator, evaluate_retrieval
from tfsiamese.evaluation.retrieval_data import RetrievalData
from tfsiamese.evaluation.retrieval_folder import read_retrieval
from tfsiamese.evaluation.sts import evaluate_sts, read_sts
from tfsiamese.evaluation.triplet_accuracy import TripletEvaluator, evaluate_triplets

__all__ = [
    "PUBLIC_DATA",
    "BestAccuracy",
    "BestF1",
    "BestMcc",
    "Evaluator",
    "EvaluatorSequence",
    "PairEvaluator",
    "ParaphraseMiningEvaluator",
    "PublicData",
    "RerankingEvaluator",
    "RerankingSample",
    "RetrievalData",
    "RetrievalEvaluator",
    "StsEvaluator",
    "TripletEvaluator",
    "accuracy_at",
    "average_precision",
    "average_precision_at",
    "best_accuracy",
    "best_f1",
    "best_mcc",
    "evaluate",
    "evaluate_pairs",
    "evaluate_paraphrase_mining",
    "evaluate_reranking",
    "evaluate_retrieval",
    "evaluate_sts",
    "evaluate_triplets",
    "fetch_data",
    "ndcg_at",
    "pearson",
    "precision_at",
    "read_retrieval",
    "read_sts",
    "recall_at",
    "reciprocal_rank_at",
    "reranking_samples",
    "spearman",
    "transitive_closure",
]
