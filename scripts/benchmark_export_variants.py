"""What an exported model costs and gains as float32, float16 and int8: size, memory, speed, STS-B Pearson.

Each variant is exported, then loaded by TensorFlow alone in processes of its own, the variants in turn; medians.

    python scripts/benchmark_export_variants.py use-multilingual
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

VARIANTS = {
    "float32": {},
    "float16": {"precision": "float16"},
    "int8": {"precision": "int8"},
    "int8, 256": {"precision": "int8", "dimension": 256},
    "int8, 128": {"precision": "int8", "dimension": 128},
}

# Runs in a process that knows nothing of this package.
MEASURE = """
import json, os, sys, time
import tensorflow as tf, tensorflow_text

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

folder, texts = sys.argv[1], json.load(open(sys.argv[2]))
before, began = resident(), time.perf_counter()
model = tf.saved_model.load(folder)
embed = model.signatures["embed"]
embed(texts=tf.constant(texts[:1]))
loaded = time.perf_counter() - began
batches = [tf.constant(texts[start : start + 64]) for start in range(0, len(texts), 64)]
for batch in batches[:4]:
    embed(texts=batch)
began = time.perf_counter()
for batch in batches:
    embed(texts=batch)["embeddings"].numpy()
seconds = time.perf_counter() - began
single = []
for text in texts[:300]:
    began = time.perf_counter()
    embed(texts=tf.constant([text]))["embeddings"].numpy()
    single.append(time.perf_counter() - began)
print(json.dumps({
    "load_s": loaded, "memory_mb": resident() - before, "texts_per_s": len(texts) / seconds,
    "one_text_ms": sorted(single)[len(single) // 2] * 1e3,
}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoder", nargs="?", default="use-multilingual")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    data = os.environ.get("TFSIAMESE_DATA")
    if not data:
        sys.exit("TFSIAMESE_DATA is not set: it names the folder that holds stsb/stsb-en-dev.csv.")
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(options.encoder, Path(data) / "stsb" / "stsb-en-dev.csv", Path(folder), options.rounds)
    show(rows)
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def measure(source: str, sts: Path, folder: Path, rounds: int) -> dict[str, dict[str, float]]:
    """Exports all variants and measures each, by name."""
    rows, texts = export(source, sts, folder)
    (folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in VARIANTS}
    for _ in range(rounds):
        for name in VARIANTS:
            command = [sys.executable, "-c", MEASURE, str(folder / name / "1"), str(folder / "texts.json")]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            figures[name].append(json.loads(done.stdout.splitlines()[-1]))
    for name, several in figures.items():
        rows[name] |= {key: statistics.median(one[key] for one in several) for key in several[0]}
    return rows


def export(source: str, sts: Path, folder: Path) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Exports all variants below `folder`; returns size and STS-B Pearson of each, and the texts of STS-B."""
    import tfsiamese as ts
    from tfsiamese.evaluation.sts import read_sts

    encoder = ts.load_encoder(source)
    texts = read_sts(sts).texts()
    rows = {}
    for name, chosen in VARIANTS.items():
        settings = ts.ExportSettings(name="model", **chosen)
        version = ts.export_saved_model(encoder, folder / name, settings=settings)
        size = sum(path.stat().st_size for path in version.rglob("*") if path.is_file())
        pearson = ts.evaluate_sts(ts.load_encoder(version), sts)["pearson_cosine"]
        rows[name] = {"size_mb": size / 1e6, "pearson": pearson}
    return rows, texts


def show(rows: dict[str, dict[str, float]]) -> None:
    """Prints one line a variant, and ratios to float32."""
    print(f"{'':<10} {'size':>9} {'memory':>9} {'load':>7} {'texts/s':>14} {'one text':>9} {'Pearson':>8} {'loss':>8}")
    full = rows["float32"]
    for name, row in rows.items():
        speed = f"{row['texts_per_s']:,.0f} ({row['texts_per_s'] / full['texts_per_s']:.2f} ×)"
        print(
            f"{name:<10} {row['size_mb']:>6.1f} MB {row['memory_mb']:>6.0f} MB {row['load_s']:>5.2f} s {speed:>14} "
            f"{row['one_text_ms']:>6.2f} ms {row['pearson']:>8.4f} {full['pearson'] - row['pearson']:>+8.4f}"
        )


if __name__ == "__main__":
    main()
