"""Fine-tunes the default encoder for job search in several ways, and prints what each gains and keeps.

Examples are made of ESCO's occupation labels (see esco_examples.py); search is measured on MELO (queries are O*NET job
titles, the corpus is ESCO's 33,809 labels), general ability on STS-B dev. Each row is one `tfsiamese train`. Many
labels stand in the corpus under several ids, and ties decide: beside trec_eval's rule (the greater id first) the table
gives MRR and MAP with the smaller id first.

    TFSIAMESE_DATA=… python scripts/reproduce_job_search.py --out runs/job_search
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

SCRIPTS = Path(__file__).parent
PLAIN = ["--plain", "--no-descriptions"]
RETAIN = ["--retain", "{data}/stsb/stsb-en-train.csv", "--retain-weight", "200"]
RETAIN += ["--retain-batch-size", "128", "--retain-neighbours", "2"]

# What is trained on, and further options of `train`.
WAYS = {
    "labels alone": (PLAIN, []),
    "descriptions, plurals, title case": ([], []),
    "the same with --retain": ([], RETAIN),
    "four rows a label, with --retain": (["--per-label", "4"], RETAIN),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("TFSIAMESE_DATA"), help="holds esco/, melo_en_dev/, stsb/")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the runs go")
    parser.add_argument("--epochs", default="2")
    parser.add_argument("--ways", default="0,1,2,3", help="which rows to make (0,1,2,3)")
    options = parser.parse_args()
    if not options.data:
        sys.exit("Give --data, or set TFSIAMESE_DATA to the folder that holds esco/, melo_en_dev/ and stsb/.")
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    print("| way | rows | minutes | MRR@100 | MAP@100 | accuracy@1 | STS-B dev | smaller id first |")
    print("|---|---|---|---|---|---|---|---|")
    chosen = [int(number) for number in options.ways.split(",")]
    for number, (way, (examples, train)) in enumerate(WAYS.items()):
        if number not in chosen:
            continue
        pairs = out / f"examples_{number}.csv"
        run_python(SCRIPTS / "esco_examples.py", f"{options.data}/esco/occupations_en.csv", "--out", pairs, *examples)
        run = out / str(number)
        started = time.perf_counter()
        train_run(pairs, run, options, [option.format(data=options.data) for option in train])
        minutes = (time.perf_counter() - started) / 60
        metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
        rows = json.loads((run / "config.json").read_text(encoding="utf-8"))["data"]["training"]["rows"]
        if number == chosen[0]:
            report("before training", "", "", metrics["before"], ties("use-multilingual", options.data))
        report(way, f"{rows:,}", f"{minutes:.1f}", metrics["after"], ties(run, options.data))


def train_run(pairs: Path, run: Path, options: argparse.Namespace, more: list[str]) -> None:
    data = options.data
    run_python(
        *("-m", "tfsiamese", "train", pairs, "--out", run, "--epochs", options.epochs, "--batch-size", 512),
        *("--learning-rate", 4e-4, "--validation", 0, "--head", "cosine", "--monitor", "retrieval_map@100"),
        *("--retrieval", f"{data}/melo_en_dev", "--sts", f"{data}/stsb/stsb-en-dev.csv", *more),
    )


def ties(encoder: str | Path, data: str) -> dict[str, float]:
    """MRR and MAP where the smaller of two ids with equal scores comes first: ids are complemented."""
    import tfsiamese as ts

    given = ts.read_retrieval(Path(data) / "melo_en_dev")
    documents = sorted(given.corpus)
    turned = {document: f"{len(documents) - place:09d}" for place, document in enumerate(documents)}
    corpus = {turned[document]: text for document, text in given.corpus.items()}
    relevance = {
        query: {turned[document]: grade for document, grade in judged.items()}
        for query, judged in given.relevance.items()
    }
    return ts.evaluate_retrieval(
        ts.load_encoder(encoder), ts.RetrievalData(given.queries, corpus, relevance, "turned"), at=[100]
    )


def run_python(*arguments: object) -> None:
    subprocess.run([sys.executable, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def report(way: str, rows: str, minutes: str, metrics: dict[str, float], tied: dict[str, float]) -> None:
    values = [metrics[f"retrieval_{name}"] for name in ("mrr@100", "map@100", "accuracy@1")]
    values.append(metrics["sts_pearson_cosine"])
    numbers = " | ".join(f"{value:.4f}" for value in values)
    print(f"| {way} | {rows} | {minutes} | {numbers} | {tied['mrr@100']:.4f} / {tied['map@100']:.4f} |", flush=True)


if __name__ == "__main__":
    main()
