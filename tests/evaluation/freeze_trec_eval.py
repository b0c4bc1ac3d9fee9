"""Writes `trec_eval.json`: what trec_eval measures on small rankings with equal scores and graded relevance.

Run once: `pip install pytrec-eval-terrier`, then `python tests/evaluation/freeze_trec_eval.py`.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytrec_eval

RANKS = [1, 3, 5, 10]
NUM_QUERIES, NUM_DOCUMENTS = 12, 25
MEASURES = {f"{name}.{','.join(map(str, RANKS))}" for name in ("ndcg_cut", "map_cut", "P", "recall", "success")}


def main() -> None:
    random = np.random.default_rng(5)
    documents = [f"doc{index}" for index in range(NUM_DOCUMENTS)]
    # Scores of five values only: most are equal to others.
    scores = random.integers(0, 5, size=[NUM_QUERIES, NUM_DOCUMENTS]) / 4.0
    relevance, run = {}, {}
    for index, row in enumerate(scores):
        judged = random.choice(documents, size=random.integers(2, 16), replace=False).tolist()
        grades = [int(random.integers(1, 4)), *random.integers(-1, 4, size=len(judged) - 1).tolist()]
        relevance[f"q{index}"] = dict(zip(judged, grades, strict=True))
        run[f"q{index}"] = dict(zip(documents, row.tolist(), strict=True))
    values = pytrec_eval.RelevanceEvaluator(relevance, MEASURES | {"recip_rank"}).evaluate(run)
    frozen = {"versions": {"pytrec-eval-terrier": version("pytrec-eval-terrier")}}
    frozen |= {"scores": run, "relevance": relevance, "values": values}
    lines = [f'"{name}": {json.dumps(part)}' for name, part in frozen.items()]
    Path(__file__).with_name("trec_eval.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
