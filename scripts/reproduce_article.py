"""Repeats the experiment of the article that the project started from.

"Domain Adaption: Fine-Tune Pre-Trained NLP Models" (Towards Data Science, 4 July 2023) fine-tunes the multilingual
Universal Sentence Encoder on 98 pairs made from ESCO: Adam 1e-5 with β₂ = 0.9999 and clipnorm 1, batches of 8, at most
20 epochs, the last fifth of the pairs held out, and early stopping on the training loss (patience 3, min_delta 0.001).
It reports a Pearson correlation of 0.8325 on STS-B dev before and 0.8349 after, and shows nine job titles as matrices.

    TFSIAMESE_DATA=… python scripts/reproduce_article.py --out runs/article
"""

import argparse
import json
import os
import sys
from pathlib import Path

import keras
import numpy as np

import tfsiamese as ts
from tfsiamese import similarity

ARTICLE_BEFORE, ARTICLE_AFTER = 0.8325, 0.8349
TITLES = [
    "Data Scientist",
    "Data Analyst",
    "Data Engineer",
    "Nurse Practitioner",
    "Registered Nurse",
    "Medical Assistant",
    "Social Media Manager",
    "Marketing Strategist",
    "Product Marketing Manager",
]
GROUPS = np.repeat([0, 1, 2], 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("TFSIAMESE_DATA"), help="holds seed_article/ and stsb/")
    parser.add_argument("--out", default="runs/article", help="the folder for one run each, and the matrices")
    options = parser.parse_args()
    if not options.data:
        sys.exit("Give --data, or set TFSIAMESE_DATA to the folder that holds seed_article/ and stsb/.")
    pairs = ts.read_pairs(Path(options.data) / "seed_article" / "esco_pairs.csv")
    # As Keras' validation_split=0.2: the last rows, without shuffling.
    boundary = int(len(pairs) * 0.8)
    training, held_out = pairs.take(range(boundary)), pairs.take(range(boundary, len(pairs)))
    stop = keras.callbacks.EarlyStopping(monitor="loss", patience=3, min_delta=0.001)
    settings = {"early stopping, as in the article": [stop], "all 20 epochs": []}
    rows = []
    for name, callbacks in settings.items():
        folder = Path(options.out) / name.split(",")[0].replace(" ", "_")
        rows.append(run(name, training, held_out, callbacks, folder, Path(options.data)))
    report(rows)


def run(name: str, training: ts.Pairs, held_out: ts.Pairs, callbacks: list, folder: Path, data: Path) -> dict:
    encoder = ts.load_encoder("use-multilingual")
    before = matrix(encoder)
    history = ts.fit(
        ts.Siamese(encoder),
        training,
        validation=held_out,
        evaluator=ts.StsEvaluator(data / "stsb" / "stsb-en-dev.csv"),
        callbacks=callbacks,
        out=folder,
        epochs=20,
        batch_size=8,
        learning_rate=1e-5,
        restore_best=False,
    )
    after = matrix(encoder)
    figure = ts.plot_similarity_matrices(before, after, TITLES)
    ts.save_figure(figure, folder / "plots" / "nine_job_titles.png")
    return {
        "name": name,
        "epochs": len(history.epoch),
        "loss": (history.history["loss"][0], history.history["loss"][-1]),
        "before": history.before,
        "after": history.after,
        "groups_before": group_means(before),
        "groups_after": group_means(after),
        "folder": str(folder),
    }


def matrix(encoder: ts.Encoder) -> np.ndarray:
    vectors = encoder.encode(TITLES)
    return similarity.all_pairs(vectors, vectors, "angular").numpy()


def group_means(values: np.ndarray) -> tuple[float, float]:
    """The mean similarity of different titles of one group, and of titles of different groups."""
    same = GROUPS[:, None] == GROUPS[None, :]
    return float(values[same & ~np.eye(len(values), dtype=bool)].mean()), float(values[~same].mean())


def report(rows: list[dict]) -> None:
    print("| | STS-B dev before | after | epochs | loss | titles of one group | of different groups |")
    print("|---|---|---|---|---|---|---|")
    print(f"| the article | {ARTICLE_BEFORE} | {ARTICLE_AFTER} | | | | |")
    for row in rows:
        before, after = row["before"]["pearson_cosine"], row["after"]["pearson_cosine"]
        loss = " → ".join(f"{value:.5f}" for value in row["loss"])
        groups = [f"{row['groups_before'][index]:.3f} → {row['groups_after'][index]:.3f}" for index in (0, 1)]
        print(f"| {row['name']} | {before:.4f} | {after:.4f} | {row['epochs']} | {loss} | {groups[0]} | {groups[1]} |")
    print(json.dumps(rows, indent=2), file=sys.stderr)


if __name__ == "__main__":
    main()
