"""Times training here and in its peers, side by side, each in processes of its own that take turns.

article     the article's recipe (98 pairs, batches of 8, angular head, MSE, Adam 1e-5 with β₂ = 0.9999 and clipnorm 1),
            against tf_keras with hub.KerasLayer on the same encoder exported as a SavedModel
ranking     InfoNCE on ESCO's labels with the default encoder in batches of 256, against the padded form of the same
            model in the same training step
checkpoint  a BERT checkpoint on STS-B in batches of 16 and 64, float32 and bfloat16, against sentence-transformers on
            torch; in bfloat16 that trains under autocast

The table holds medians of rounds. The first steps are not counted. GFLOP/s are the float operations of the matrix
products that the texts need, counted by hand from shapes (`float_operations.py`), by the time they took; the rate of
one large product is measured in the same run.

    TFSIAMESE_DATA=… python scripts/benchmark_training.py --json training.json
    TFSIAMESE_DATA=… python scripts/benchmark_training.py --works checkpoint --checkpoint all-MiniLM-L6-v2 --st-python …
"""

import argparse
import sys
import tempfile
from typing import Any

import benchmark_rounds as rounds
from benchmark_machine import describe_machine
from benchmark_rounds import Case, Column

WORKS = ("article", "ranking", "checkpoint")
COLUMNS = (
    Column("pairs_per_second", "pairs/s"),
    Column("step_seconds", "s a step", ".4f"),
    Column("peak_megabytes", "peak memory, MB", ",.0f"),
    Column("peak_device_megabytes", "peak on the GPU, MB", ",.0f"),
    Column("waiting_share", "waiting for input", ".1%"),
    Column("gigaflops_per_second", "GFLOP/s"),
    Column("product_share", "of the product's rate", ".0%"),
    Column("loss", "loss", ".5f"),
)
ARTICLE_PAIRS = 98


def main() -> None:
    options = parse()
    if options.worker:
        from training_sides import measure

        rounds.answer(measure, options.worker)
        return
    check(options)
    with tempfile.TemporaryDirectory() as folder:
        prepared = prepare(options, folder)
        rates = rounds.product_rates(__file__, options.device)
        figures = rounds.run_rounds(
            __file__, cases(options, folder, prepared), number_of_rounds(options), options.device
        )
    if not options.quick:
        rates = {name: max(rate, rates[name]) for name, rate in rounds.product_rates(__file__, options.device).items()}
    for figure in figures:
        if "gigaflops_per_second" in figure:
            figure["product_share"] = figure["gigaflops_per_second"] / rates["gemm_float32"]
    shown = [column for column in COLUMNS if options.device == "gpu" or column.key != "peak_device_megabytes"]
    complete = rounds.show_table(figures, shown, "pairs_per_second")
    machine = describe_machine() | rates | {name: value for name, value in prepared.items() if name not in WORKS}
    print(f"\n{machine['processor']}, {machine['cores']} cores; a large product on the {options.device}: ", end="")
    print(f"{rates['gemm_float32']:,.0f} GFLOP/s in float32, {rates['gemm_bfloat16']:,.0f} in bfloat16")
    if options.json:
        rounds.write_json(options.json, machine, vars(options), figures)
    if options.compare:
        rounds.compare(options.compare, figures, [column.key for column in COLUMNS])
    sys.exit(not complete)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", nargs="+", choices=WORKS, help="article and ranking; checkpoint where one is given")
    parser.add_argument("--tf-keras-python", metavar="PATH", default=sys.executable, help="Python with tf_keras")
    parser.add_argument("--checkpoint", metavar="FOLDER", help="a BERT in the sentence-transformers layout")
    parser.add_argument("--st-python", metavar="PATH", default=sys.executable, help="Python with sentence-transformers")
    parser.add_argument("--epochs", type=int, default=3, help="of the article's recipe; the first is not timed (3)")
    parser.add_argument("--steps", type=int, default=8, help="timed steps of ranking (8)")
    parser.add_argument("--train-pairs", type=int, default=640, help="timed pairs of the checkpoint (640)")
    rounds.add_options(parser, rounds=3)
    return parser.parse_args()


def check(options: argparse.Namespace) -> None:
    if options.works is None:
        options.works = [work for work in WORKS if work != "checkpoint" or options.checkpoint]
    if not options.data:
        sys.exit("Give --data, or set TFSIAMESE_DATA to the folder that holds seed_article/, esco/ and stsb/.")
    if "checkpoint" in options.works and not options.checkpoint:
        sys.exit("The work 'checkpoint' needs --checkpoint FOLDER.")
    if options.epochs < 2 or options.steps < 1 or options.train_pairs < 1 or options.rounds < 1:
        sys.exit("Expected 2 epochs, 1 step, 1 pair and 1 round at least.")


def number_of_rounds(options: argparse.Namespace) -> int:
    return 1 if options.quick else options.rounds


def cases(options: argparse.Namespace, folder: str, prepared: dict[str, Any]) -> list[Case]:
    shared = {"data": options.data, "folder": folder, "checkpoint": options.checkpoint}
    makers = {"article": article_case, "ranking": ranking_case}
    found = [
        maker(options, shared | {"work": work, "operations_per_pair": prepared[work]})
        for work, maker in makers.items()
        if work in options.works
    ]
    if "checkpoint" in options.works:
        job = shared | {"work": "checkpoint", "operations_per_pair": prepared["checkpoint"]}
        for batch_size in (16,) if options.quick else (16, 64):
            for precision in ("float32", "bfloat16"):
                found.append(checkpoint_case(options, job, batch_size, precision))
    return found


def article_case(options: argparse.Namespace, job: dict[str, Any]) -> Case:
    size = {"batch_size": 8, "epochs": 2, "rows": 32} if options.quick else {"batch_size": 8, "epochs": options.epochs}
    sides = {"tfsiamese": sys.executable, "tf_keras + hub.KerasLayer": options.tf_keras_python}
    return Case("article, batch 8", {"rows": ARTICLE_PAIRS} | job | size, sides, cost=20 + 5.0 * options.epochs)


def ranking_case(options: argparse.Namespace, job: dict[str, Any]) -> Case:
    steps, warm_up = ranking_steps(options)
    size = {"batch_size": 256, "steps": steps + warm_up, "warm_up": warm_up, "rows": ranking_rows(options)}
    sides = {"tfsiamese": sys.executable, "padded form": sys.executable}
    return Case("ranking, batch 256", job | size, sides, cost=24 + 1.2 * (steps + warm_up))


def ranking_steps(options: argparse.Namespace) -> tuple[int, int]:
    """Timed steps, and those before."""
    return (2, 1) if options.quick else (options.steps, 2)


def ranking_rows(options: argparse.Namespace) -> int:
    return 256 * sum(ranking_steps(options))


def checkpoint_case(options: argparse.Namespace, job: dict[str, Any], batch_size: int, precision: str) -> Case:
    warm_up = 1 if options.quick else 4
    rows = checkpoint_rows(options) + warm_up * batch_size
    size = {"batch_size": batch_size, "precision": precision, "warm_up": warm_up, "rows": rows}
    sides = {"tfsiamese": sys.executable, "sentence-transformers": options.st_python}
    return Case(f"checkpoint, batch {batch_size}, {precision}", job | size, sides, cost=20 + rows / 30)


def checkpoint_rows(options: argparse.Namespace) -> int:
    return 64 if options.quick else options.train_pairs


def prepare(options: argparse.Namespace, folder: str) -> dict[str, Any]:
    rounds.show("preparing the models")
    job = {"work": "prepare", "works": options.works, "folder": folder, "data": options.data}
    job |= {"checkpoint": options.checkpoint, "checkpoint_rows": checkpoint_rows(options)}
    return rounds.required(rounds.start(__file__, sys.executable, job | {"ranking_rows": ranking_rows(options)}))


if __name__ == "__main__":
    main()
