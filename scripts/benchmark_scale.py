"""Measures memory and time from ten thousand to a million pairs that stay on the disk.

For each size and format a seeded generator makes the files. Then a process of its own opens the stream (twice: the
first time builds a store, the second finds it), reads one whole shuffled epoch of batches without training, and trains
some steps. Memory is the peak of the process after each of these.

    python scripts/benchmark_scale.py --json scale.json --plot scale.png
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import benchmark_rounds as rounds
from benchmark_machine import describe_machine
from benchmark_rounds import Column

FORMS = ("csv", "parquet")
SIZES = (10_000, 100_000, 1_000_000)
# For the estimate.
SECONDS_A_PROCESS, SECONDS_A_MILLION = 15, 60
COLUMNS = (
    Column("file_megabytes", "files, MB", ",.0f"),
    Column("open_seconds", "opened in s", ",.2f"),
    Column("reopen_seconds", "again in s", ",.2f"),
    Column("rows_per_second", "rows/s read", ",.0f"),
    Column("pairs_per_second", "pairs/s trained", ",.0f"),
    Column("waiting_share", "waiting for input", ".1%"),
    Column("loaded_megabytes", "MB before", ",.0f"),
    Column("open_megabytes", "peak opened", ",.0f"),
    Column("read_megabytes", "peak read", ",.0f"),
    Column("peak_megabytes", "peak trained", ",.0f"),
)


def main() -> None:
    options = parse()
    if options.worker:
        from scale_sides import measure

        rounds.answer(measure, options.worker)
        return
    if options.quick:
        options.sizes, options.rounds, options.steps, options.encoder = [1000, 10_000], 1, 4, "tiny"
    if min(options.sizes) < 2 * options.batch_size or options.steps < 1 or options.rounds < 1:
        sys.exit(f"Expected 1 step, 1 round and {2 * options.batch_size} pairs (two batches) at least.")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        figures = measure_all(options, Path(folder))
    complete = rounds.show_table(figures, COLUMNS, "rows_per_second")
    if options.json:
        rounds.write_json(options.json, describe_machine(), vars(options), figures)
    if options.plot:
        from scale_plot import plot_scale

        plot_scale([figure for figure in figures if "error" not in figure], options.plot)
    if options.compare:
        rounds.compare(options.compare, figures, [column.key for column in COLUMNS])
    sys.exit(not complete)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), help="pairs (10000 100000 1000000)")
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=list(FORMS), help="file formats (both)")
    parser.add_argument("--shape", choices=("triplets", "pairs"), default="triplets", help="what a row is (triplets)")
    parser.add_argument("--encoder", default="use-multilingual", help="an encoder source, or 'tiny' (use-multilingual)")
    parser.add_argument("--batch-size", type=int, default=128, help="rows a batch (128)")
    parser.add_argument("--steps", type=int, default=20, help="timed steps of training (20)")
    parser.add_argument("--folder", metavar="DIR", help="where the files are made, and removed again")
    parser.add_argument("--plot", metavar="FILE.png", help="draw memory and time against pairs")
    rounds.add_options(parser, rounds=1)
    return parser.parse_args()


def measure_all(options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    source = options.encoder
    if source == "tiny":
        from tiny_encoder import write_tiny_encoder

        source = str(write_tiny_encoder(folder / "tiny"))
    seconds = sum(2 * SECONDS_A_PROCESS + SECONDS_A_MILLION * size / 1e6 for size in options.sizes)
    rounds.show(f"about {seconds * len(options.forms) * options.rounds / 60:.0f} minutes")
    figures = []
    for size in options.sizes:
        for form in options.forms:
            place = folder / f"{form}-{size}"
            rounds.show(f"making {size:,} pairs as {form}")
            job = {"work": "make", "folder": str(place), "pairs": size, "form": form, "shape": options.shape}
            made = rounds.start(__file__, sys.executable, job)
            if "error" in made:
                sys.exit(made["error"])
            figures += measure_files(options, source, place, {"pairs": size, "form": form} | made)
    return figures


def measure_files(options: argparse.Namespace, source: str, place: Path, made: dict[str, Any]) -> list[dict[str, Any]]:
    """Every round opens the stream with a cache of its own, so that each builds the store."""
    figures = []
    name = f"{made['pairs']:,} pairs, {made['form']}"
    for number in range(options.rounds):
        job = {"work": "stream", "encoder": source, "paths": made["paths"], "cache": str(place / f"cache-{number}")}
        job |= {"batch_size": options.batch_size, "steps": options.steps}
        found = rounds.start(__file__, sys.executable, job, options.device)
        if "error" in found:
            rounds.show(f"{name} failed: {found['error']}")
        shared = {key: made[key] for key in ("pairs", "form", "file_megabytes", "make_seconds")}
        figures.append({"case": name, "side": "tfsiamese", "round": number} | found | shared)
    return figures


if __name__ == "__main__":
    main()
