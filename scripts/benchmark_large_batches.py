"""Peak memory and speed of the ranking loss on large batches, with and without mini-batches.

Each row runs in a process of its own, on ESCO's occupation labels with the default encoder. The cached step (GradCache)
encodes a few texts at a time and computes the loss over the whole batch some rows at a time; its gradients are those of
the plain step.

    TFSIAMESE_DATA=… python scripts/benchmark_large_batches.py
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

# Rows a step, and texts that are encoded at once (None: all).
CASES = ((256, None), (4096, None), (4096, 256), (8192, 256))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("TFSIAMESE_DATA"), help="holds esco/")
    parser.add_argument("--steps", type=int, default=6, help="steps of each case, the first not counted (6)")
    parser.add_argument("--json", metavar="FILE", help="write all figures to this file")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.data:
        sys.exit("Give --data, or set TFSIAMESE_DATA to the folder that holds esco/.")
    if options.worker:
        print(json.dumps(measure(*json.loads(options.worker), options.data, options.steps)))
        return
    print("| rows a step | encoded at once | peak memory, MB | above the loaded encoder, MB | rows/s |")
    print("|---|---|---|---|---|")
    figures = []
    for batch_size, mini_batch_size in CASES:
        arguments = ["--worker", json.dumps([batch_size, mini_batch_size]), "--data", options.data]
        command = [sys.executable, __file__, *arguments, "--steps", str(options.steps)]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        figure = json.loads(output.stdout.splitlines()[-1])
        figures.append({"batch_size": batch_size, "mini_batch_size": mini_batch_size} | figure)
        print(
            f"| {batch_size:,} | {mini_batch_size or 'all'} | {figure['peak']:,.0f} | "
            f"{figure['peak'] - figure['loaded']:,.0f} | {figure['rows_per_second']:,.0f} |"
        )
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=2), encoding="utf-8")


def measure(batch_size: int, mini_batch_size: int | None, data: str, steps: int) -> dict[str, float]:
    from esco_examples import label_triplets

    import tfsiamese as ts
    from tfsiamese.training.engine import Engine
    from tfsiamese.training.plan import TrainingPlan
    from tfsiamese.training.tasks import make_tasks, settings_for

    model = ts.Siamese(ts.load_encoder("use-multilingual"), head="cosine")
    # All occupations in one batch of 8,192 need several labels of some, which `groups` masks.
    settings = {"batch_size": batch_size, "mini_batch_size": mini_batch_size, "batching": "shuffled"}
    tasks = make_tasks(label_triplets(data), loss="ranking")
    plan = TrainingPlan(model, tasks, settings_for(tasks, settings))
    engine = Engine(plan, ts.RowSparseAdam(1e-4))
    loaded = peak_megabytes()
    seconds, step = [], 0
    while step < steps:
        for _, batch in plan.batches.epoch(step):
            if batch.num_rows < batch_size or step == steps:
                break
            started = time.perf_counter()
            engine.train("training", batch, step)
            seconds.append(time.perf_counter() - started)
            step += 1
    return {
        "loaded": loaded,
        "peak": peak_megabytes(),
        "rows_per_second": batch_size / statistics.median(seconds[1:]),
    }


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
