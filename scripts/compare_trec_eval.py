"""Prints `evaluate_retrieval` beside trec_eval on one retrieval set.

trec_eval's ranking is made from the scores anew, with every document that could be among the first of it.

    pip install pytrec-eval-terrier
    TFSIAMESE_DATA=… python scripts/compare_trec_eval.py --encoder use-multilingual
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np

import tfsiamese as ts
from tfsiamese.evaluation import RetrievalData, evaluate_retrieval, read_retrieval

RANKS = (1, 3, 5, 10, 100)
TREC_NAMES = {"ndcg": "ndcg_cut", "map": "map_cut", "precision": "P", "recall": "recall", "accuracy": "success"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--retrieval", metavar="DIR", help="$TFSIAMESE_DATA/melo_en_dev by default")
    parser.add_argument("--encoder", default="use-multilingual")
    parser.add_argument("--ascii", action="store_true", help="prepare the texts as MELO does")
    options = parser.parse_args()
    root = os.environ.get("TFSIAMESE_DATA")
    if not options.retrieval and not root:
        sys.exit("Give --retrieval, or set TFSIAMESE_DATA to the folder that holds melo_en_dev/.")
    folder = options.retrieval or Path(root, "melo_en_dev")
    data = read_retrieval(folder, ascii=options.ascii)
    encoder = ts.load_encoder(options.encoder)
    ours = evaluate_retrieval(encoder, data, at=RANKS)
    theirs = trec_eval(data, scores(encoder, data))
    print(f"{data}\n{'':14}  tfsiamese  trec_eval  difference")
    for name, value in ours.items():
        print(f"{name:14}  {value:9.4f}  {theirs[name]:9.4f}  {value - theirs[name]:10.1e}")


def scores(encoder: ts.Encoder, data: RetrievalData) -> np.ndarray:
    """Cosines, float32 [queries, documents], rounded from double precision so that equal texts have equal ones."""
    queries, documents = (
        encoder.encode(list(texts.values()), normalize=True).astype(np.float64) for texts in (data.queries, data.corpus)
    )
    return (queries @ documents.T).astype(np.float32)


def trec_eval(data: RetrievalData, cosines: np.ndarray) -> dict[str, float]:
    """trec_eval's means, under our names."""
    import pytrec_eval

    documents, depth = list(data.corpus), min(2 * max(RANKS), cosines.shape[1])
    run = {}
    for query, row in zip(data.queries, cosines, strict=True):
        least = np.partition(row, -depth)[-depth]
        run[query] = {documents[index]: float(row[index]) for index in np.flatnonzero(row >= least)}
    ranks = ",".join(map(str, RANKS))
    measures = {f"{name}.{ranks}" for name in TREC_NAMES.values()} | {"recip_rank"}
    values = pytrec_eval.RelevanceEvaluator(data.relevance, measures).evaluate(run).values()
    means = {
        f"{ours}@{k}": float(np.mean([value[f"{theirs}_{k}"] for value in values]))
        for ours, theirs in TREC_NAMES.items()
        for k in RANKS
    }
    # trec_eval's reciprocal rank has no cut.
    first = np.array([value["recip_rank"] for value in values])
    return means | {f"mrr@{k}": float(np.mean(np.where(first * k > 1.0 - 1e-9, first, 0.0))) for k in RANKS}


if __name__ == "__main__":
    main()
