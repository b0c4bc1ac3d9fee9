"""Times training and encoding with one checkpoint here and in sentence-transformers with torch, side by side.

Training is on STS-B train with the squared error of the cosine at a rate of 2e-5, with AdamW there and the default
optimizer here, and dropout as the checkpoint has it; encoding is `encode` on all texts of STS-B dev. Every measurement
runs in a process of its own, the sides take turns, warm-up is not counted, and the table holds medians. In bfloat16
sentence-transformers encodes with `model.bfloat16()` and trains under autocast. Both run on the CPU with the number of
threads that they choose.

    TFSIAMESE_DATA=… python scripts/benchmark_checkpoints.py FOLDER --peer-python PATH --json checkpoints.json
"""

import argparse
import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import checkpoint_sides as sides

TASKS = {"train": (16, 64), "encode": (32, 64)}
PRECISIONS = ("float32", "bfloat16")
SIDES = {"tfsiamese": sides.TfSiamese, "sentence-transformers": sides.SentenceTransformers}
LEARNING_RATE = 2e-5


def main() -> None:
    options = parse()
    if not options.data:
        sys.exit("Give --data, or set TFSIAMESE_DATA to the folder that holds stsb/.")
    if options.worker:
        print(json.dumps(measure(json.loads(options.worker), options)))
        return
    plan = [
        {"task": task, "batch_size": batch_size, "precision": precision}
        for task in options.tasks
        for batch_size in TASKS[task]
        for precision in options.precisions
    ]
    figures: list[dict] = []
    for run in range(options.runs):
        for job in plan:
            # The side that starts changes from run to run.
            for side in list(SIDES)[:: 1 if run % 2 == 0 else -1]:
                if side in options.sides:
                    figures.append(job | {"side": side, "run": run} | start(job | {"side": side}, options))
    report(plan, figures)
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=2), encoding="utf-8")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="a checkpoint in the sentence-transformers layout")
    parser.add_argument("--peer-python", metavar="PATH", default=sys.executable, help="Python with the peer's packages")
    parser.add_argument("--data", default=os.environ.get("TFSIAMESE_DATA"), help="holds stsb/")
    parser.add_argument("--runs", type=int, default=3, help="rounds (3)")
    parser.add_argument("--train-pairs", type=int, default=960, help="pairs timed in training (960)")
    parser.add_argument("--warm-up", type=int, default=4, help="batches before the clock starts (4)")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=list(PRECISIONS))
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--json", metavar="FILE", help="write all figures to this file")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


def start(job: dict, options: argparse.Namespace) -> dict:
    """Measures in a new process; the peer's has another Python."""
    python = sys.executable if job["side"] == "tfsiamese" else options.peer_python
    command = [python, __file__, options.folder, "--data", options.data, "--worker", json.dumps(job)]
    command += ["--train-pairs", str(options.train_pairs), "--warm-up", str(options.warm_up)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TOKENIZERS_PARALLELISM": "true"}
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        sys.exit(f"{job} failed:\n{finished.stderr[-3000:]}")
    return json.loads(finished.stdout.splitlines()[-1])


def measure(job: dict, options: argparse.Namespace) -> dict:
    side = SIDES[job["side"]](options.folder, job["precision"])
    loaded = peak_megabytes()
    measured = train(side, job, options) if job["task"] == "train" else encode(side, job, options)
    return measured | {"loaded_megabytes": loaded, "peak_megabytes": peak_megabytes()}


def train(side: sides.Side, job: dict, options: argparse.Namespace) -> dict:
    batch_size = job["batch_size"]
    num_steps = options.warm_up + -(-options.train_pairs // batch_size)
    left, right, scores = read_sts(options.data, "train")
    # Every third pair: the file is sorted by source, and its first pairs are the shortest.
    rows = slice(None, 3 * num_steps * batch_size, 3)
    steps = side.train((left[rows], right[rows], scores[rows]), batch_size, LEARNING_RATE)
    ends = [end for end, _ in steps]
    losses = [loss for _, loss in steps]
    num_timed = len(left[rows]) - options.warm_up * batch_size
    return {
        "per_second": num_timed / (ends[-1] - ends[options.warm_up - 1]),
        "loss": statistics.mean(losses[options.warm_up :]),
        "steps": len(ends),
    }


def encode(side: sides.Side, job: dict, options: argparse.Namespace) -> dict:
    left, right, scores = read_sts(options.data, "dev")
    texts = left + right
    side.encode(texts[:: len(texts) // (options.warm_up * job["batch_size"])], job["batch_size"])
    started = time.perf_counter()
    vectors = side.encode(texts, job["batch_size"])
    seconds = time.perf_counter() - started
    return {"per_second": len(texts) / seconds, "pearson": sides.pearson_of_cosines(vectors, scores)}


def read_sts(data: str, part: str) -> tuple[list[str], list[str], list[float]]:
    with Path(data, "stsb", f"stsb-en-{part}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return [row[0] for row in rows], [row[1] for row in rows], [float(row[2]) / 5 for row in rows]


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(plan: list[dict], figures: list[dict]) -> None:
    units = {"train": ("pairs/s", "loss"), "encode": ("texts/s", "pearson")}
    print("| medians of runs | tfsiamese | sentence-transformers | ratio | peak memory, MB | result |")
    print("|---|---|---|---|---|---|")
    for job in plan:
        unit, result = units[job["task"]]
        speeds, memory, results = [], [], []
        for side in SIDES:
            runs = [figure for figure in figures if job.items() <= figure.items() and figure["side"] == side]
            if runs:
                speeds.append(statistics.median(run["per_second"] for run in runs))
                memory.append(f"{statistics.median(run['peak_megabytes'] for run in runs):,.0f}")
                results.append(f"{statistics.median(run[result] for run in runs):.4f}")
            else:
                speeds.append(float("nan"))
        name = f"{job['task']}, batch {job['batch_size']}, {job['precision']}, {unit}"
        here, there = speeds
        outcome = f"{result} {' / '.join(results)}"
        print(f"| {name} | {here:,.1f} | {there:,.1f} | {here / there:.2f} × | {' / '.join(memory)} | {outcome} |")


if __name__ == "__main__":
    main()
