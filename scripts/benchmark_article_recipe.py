"""Times the article's recipe here and in tf_keras with hub.KerasLayer, side by side, each in processes of its own.

Both sides train the same SavedModel on the same pairs in the same order, with Adam 1e-5, β₂ = 0.9999, clipnorm 1, in
batches of 8; `hub.KerasLayer` runs the article's own code on Keras 2 (tf_keras). The processes take turns. The peer is
given the project's flat-token SavedModel, which is faster than the padded original.

    TFSIAMESE_DATA=… python scripts/benchmark_article_recipe.py --runs 5 --json article.json
"""

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

BATCH_SIZE = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("TFSIAMESE_DATA"), help="holds seed_article/")
    parser.add_argument("--runs", type=int, default=5, help="processes of each side (5)")
    parser.add_argument("--epochs", type=int, default=3, help="epochs a process (3)")
    parser.add_argument("--json", metavar="FILE", help="write all figures to this file")
    parser.add_argument("--worker", choices=SIDES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.data:
        sys.exit("Give --data, or set TFSIAMESE_DATA to the folder that holds seed_article/.")
    if options.worker:
        print(json.dumps(measure(options.worker, Path(options.data), options.epochs)))
        return
    import tfsiamese as ts

    ts.load_encoder("use-multilingual")  # builds the cache, so that no process has to
    figures: dict[str, list[dict]] = {side: [] for side in SIDES}
    for _ in range(options.runs):
        for side in SIDES:
            figures[side].append(start(side, options))
    report(figures)
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=2), encoding="utf-8")


def start(side: str, options: argparse.Namespace) -> dict:
    arguments = ["--worker", side, "--data", options.data, "--epochs", str(options.epochs)]
    command = [sys.executable, __file__, *arguments]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    finished = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(finished.stdout.splitlines()[-1])


def measure(side: str, data: Path, epochs: int) -> dict:
    import tfsiamese as ts

    pairs = ts.read_pairs(data / "seed_article" / "esco_pairs.csv")
    batches, train = SIDES[side](pairs)
    step_seconds, losses, epoch_seconds = [], [], []
    for epoch in range(epochs):
        total = 0.0
        started = time.perf_counter()
        for batch in batches(epoch):
            before = time.perf_counter()
            total += train(batch) * batch.num_rows
            step_seconds.append(time.perf_counter() - before)
        epoch_seconds.append(time.perf_counter() - started)
        losses.append(total / len(pairs))
    warm = step_seconds[-(-len(pairs) // BATCH_SIZE) :] or step_seconds[1:]
    return {
        "step_seconds": statistics.median(warm),
        "epoch_seconds": statistics.median(epoch_seconds[1:] or epoch_seconds),
        "losses": losses,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def batches_of(pairs):
    from tfsiamese.pairs.batches import ExampleBatches
    from tfsiamese.pairs.sampling import ShuffledSampler
    from tfsiamese.pairs.text_ids import text_ids

    return ExampleBatches(text_ids(pairs), pairs.scores, ShuffledSampler(len(pairs), BATCH_SIZE, seed=0)).epoch


def ours(pairs):
    import tfsiamese as ts
    from tfsiamese.training.engine import Engine
    from tfsiamese.training.plan import TrainingPlan
    from tfsiamese.training.tasks import make_tasks, settings_for

    model = ts.Siamese(ts.load_encoder("use-multilingual"))
    tasks = make_tasks(pairs, loss="mse")
    plan = TrainingPlan(model, tasks, settings_for(tasks, {"batch_size": BATCH_SIZE}))
    engine = Engine(plan, ts.RowSparseAdam(1e-5, beta_2=0.9999, clipnorm=1.0))
    return batches_of(pairs), lambda batch: engine.train("training", batch, 0)[0]["loss"]


def peer(pairs):
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tensorflow as tf
    import tensorflow_hub as hub
    import tensorflow_text  # noqa: F401  registers the tokenizer's ops
    import tf_keras

    from tfsiamese.files import cache_folder

    folder = max((cache_folder() / "encoders").glob("use-multilingual-*"))
    encoder = hub.KerasLayer(tf.saved_model.load(str(folder)), trainable=True)
    left, right = (tf_keras.Input(shape=(), dtype=tf.string) for _ in range(2))
    cosine = tf_keras.layers.Dot(axes=-1, normalize=True)([encoder(left), encoder(right)])
    angular = 1.0 - tf.acos(tf.clip_by_value(cosine, -0.99999, 0.99999)) / tf.constant(math.pi)
    model = tf_keras.Model([left, right], angular)
    model.compile(tf_keras.optimizers.Adam(1e-5, beta_1=0.9, beta_2=0.9999, epsilon=1e-7, clipnorm=1.0), loss="mse")

    def train(batch):
        sides = tf.split(tf.gather(batch.texts, batch.positions), 2)
        return float(model.train_on_batch(list(sides), batch.labels))

    return batches_of(pairs), train


SIDES = {"tfsiamese": ours, "tf_keras + hub.KerasLayer": peer}


def report(figures: dict[str, list[dict]]) -> None:
    print("| medians of runs | s a step | s an epoch | peak memory, MB | losses of the epochs |")
    print("|---|---|---|---|---|")
    medians = {}
    for side, runs in figures.items():
        names = ("step_seconds", "epoch_seconds", "peak_megabytes")
        medians[side] = [statistics.median(run[name] for run in runs) for name in names]
        step, epoch, memory = medians[side]
        losses = ", ".join(f"{loss:.6f}" for loss in runs[0]["losses"])
        print(f"| {side} | {step:.4f} | {epoch:.3f} | {memory:.0f} | {losses} |")
    here, there = medians.values()
    step, epoch, memory = (theirs / own for own, theirs in zip(here, there, strict=True))
    print(f"| ratio | {step:.1f} × | {epoch:.1f} × | {memory:.2f} × | |")


if __name__ == "__main__":
    main()
