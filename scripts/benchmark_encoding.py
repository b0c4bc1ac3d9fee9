"""Times encoding here and in its peers, side by side, each in processes of its own that take turns.

With the default encoder on MELO's 33,809 job titles and on the sentences of STS-B dev, against the padded form of the
same model, exported as a SavedModel and called with 64 texts at a time as they come; its vectors are checked to be the
same. With a BERT checkpoint on STS-B dev, in float32 and bfloat16, against sentence-transformers on torch.

The table holds medians of rounds. A first call on some texts of all lengths is not counted. GFLOP/s are the float
operations of the matrix products that the texts need, counted by hand from shapes (`float_operations.py`), by the time
they took; the rate of one large product is measured in the same run. The mean cosine of neighbouring texts, and the
Pearson correlation on STS-B, show that both sides computed the same.

    TFSIAMESE_DATA=… python scripts/benchmark_encoding.py --json encoding.json
    TFSIAMESE_DATA=… python scripts/benchmark_encoding.py --checkpoint all-MiniLM-L6-v2 --st-python …
"""

import argparse
import sys
import tempfile
from typing import Any

import benchmark_rounds as rounds
from benchmark_machine import describe_machine
from benchmark_rounds import Case, Column

TEXTS = {"titles": "MELO's titles", "sts": "STS-B dev"}
BATCH_SIZE = 64
COLUMNS = (
    Column("texts_per_second", "texts/s", ",.0f"),
    Column("seconds", "s"),
    Column("peak_megabytes", "peak memory, MB", ",.0f"),
    Column("peak_device_megabytes", "peak on the GPU, MB", ",.0f"),
    Column("gigaflops_per_second", "GFLOP/s"),
    Column("product_share", "of the product's rate", ".0%"),
    Column("mean_cosine", "mean cosine", ".5f"),
    Column("pearson", "STS-B Pearson", ".4f"),
)


def main() -> None:
    options = parse()
    if options.worker:
        from encoding_sides import measure

        rounds.answer(measure, options.worker)
        return
    if not options.data:
        sys.exit("Give --data, or set TFSIAMESE_DATA to the folder that holds melo_en_dev/ and stsb/.")
    if options.rounds < 1 or not (options.texts or options.checkpoint):
        sys.exit("Expected 1 round at least, and --texts or --checkpoint.")
    with tempfile.TemporaryDirectory() as folder:
        prepared = prepare(options, folder)
        rates = rounds.product_rates(__file__, options.device)
        number = 1 if options.quick else options.rounds
        figures = rounds.run_rounds(__file__, cases(options, folder, prepared), number, options.device)
    if not options.quick:
        rates = {name: max(rate, rates[name]) for name, rate in rounds.product_rates(__file__, options.device).items()}
    report(options, figures, rates, prepared)


def report(
    options: argparse.Namespace, figures: list[dict[str, Any]], rates: dict[str, float], prepared: dict[str, Any]
) -> None:
    for figure in figures:
        if "gigaflops_per_second" in figure:
            figure["product_share"] = figure["gigaflops_per_second"] / rates["gemm_float32"]
    shown = [column for column in COLUMNS if options.device == "gpu" or column.key != "peak_device_megabytes"]
    complete = rounds.show_table(figures, shown, "texts_per_second")
    machine = describe_machine() | rates
    machine["padded_difference"] = prepared.get("padded_difference")
    print(f"\n{machine['processor']}, {machine['cores']} cores; a large product on the {options.device}: ", end="")
    print(f"{rates['gemm_float32']:,.0f} GFLOP/s in float32, {rates['gemm_bfloat16']:,.0f} in bfloat16")
    if options.json:
        rounds.write_json(options.json, machine, vars(options), figures)
    if options.compare:
        rounds.compare(options.compare, figures, [column.key for column in COLUMNS])
    sys.exit(not complete)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", nargs="*", choices=TEXTS, default=list(TEXTS), help="for the default encoder (both)")
    parser.add_argument("--checkpoint", metavar="FOLDER", help="a BERT in the sentence-transformers layout")
    parser.add_argument("--st-python", metavar="PATH", default=sys.executable, help="Python with sentence-transformers")
    rounds.add_options(parser, rounds=3)
    return parser.parse_args()


def rows_of(options: argparse.Namespace) -> int | None:
    """Of each data set; None for all."""
    return 256 if options.quick else None


def cases(options: argparse.Namespace, folder: str, prepared: dict[str, Any]) -> list[Case]:
    shared = {"work": "encode", "data": options.data, "folder": folder, "rows": rows_of(options)}
    found = []
    for name in options.texts:
        job = {"texts": name, "source": "use-multilingual", "precision": "float32", "batch_size": BATCH_SIZE}
        job["operations_per_text"] = prepared[f"use, {name}"]
        sides = {"tfsiamese": sys.executable, "padded, called naively": sys.executable}
        found.append(Case(f"use-multilingual, {TEXTS[name]}", shared | job, sides, cost=45 if name == "titles" else 25))
    if options.checkpoint:
        for batch_size in (BATCH_SIZE,) if options.quick else (32, BATCH_SIZE):
            for precision in ("float32", "bfloat16"):
                job = {"texts": "sts", "source": options.checkpoint, "precision": precision, "batch_size": batch_size}
                job["operations_per_text"] = prepared["checkpoint"]
                sides = {"tfsiamese": sys.executable, "sentence-transformers": options.st_python}
                name = f"checkpoint, {TEXTS['sts']}, batch {batch_size}, {precision}"
                found.append(Case(name, shared | job, sides, cost=45))
    return found


def prepare(options: argparse.Namespace, folder: str) -> dict[str, Any]:
    rounds.show("preparing the models")
    job = {"work": "prepare", "folder": folder, "data": options.data, "rows": rows_of(options)}
    job |= {"use_texts": options.texts, "checkpoint": options.checkpoint}
    return rounds.required(rounds.start(__file__, sys.executable, job))


if __name__ == "__main__":
    main()
