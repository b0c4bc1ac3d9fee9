"""Makes training examples for job search of ESCO's occupation labels: two names of one occupation, or a description.

Each label of an occupation is an anchor, and another of its labels, chosen at random, the positive; one positive in ten
is the occupation's description. The occupation is the group, so that no two of its labels stand in one batch. Half of
the anchors are put into the plural and half into title case: job titles in the wild are written so ("Chief
Executives"), and ESCO's labels never are.

    python scripts/esco_examples.py occupations_en.csv --out esco.csv
"""

import argparse
import random
from pathlib import Path

import pandas as pd

DESCRIPTIONS = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("occupations", help="ESCO's occupations_en.csv")
    parser.add_argument("--out", required=True, metavar="FILE.csv")
    parser.add_argument("--per-label", type=int, default=1, help="rows for each label (1)")
    parser.add_argument("--plain", action="store_true", help="leave the anchors as they are written")
    parser.add_argument("--no-descriptions", action="store_true", help="labels only")
    options = parser.parse_args()
    share = 0.0 if options.no_descriptions else DESCRIPTIONS
    frame = label_frame(options.occupations, options.per_label, 0.0 if options.plain else 0.5, share)
    frame.to_csv(options.out, index=False)
    print(f"{options.out}: {len(frame):,} rows of {frame['group'].nunique():,} occupations")


def label_triplets(data: str | Path, **options):
    """The examples of the occupations in `data`/esco."""
    import tfsiamese as ts

    frame = label_frame(Path(data) / "esco" / "occupations_en.csv", **options)
    return ts.Triplets.from_frame(frame, source="ESCO labels")


def label_frame(
    path: str | Path, per_label: int = 1, varied: float = 0.5, descriptions: float = DESCRIPTIONS
) -> pd.DataFrame:
    """Columns anchor, positive, group; `varied` is the share of anchors in the plural, and of those in title case."""
    chance = random.Random(0)
    rows = []
    for occupation in pd.read_csv(path, keep_default_na=False).itertuples():
        names = [occupation.preferredLabel, *occupation.altLabels.split("\n")]
        labels = list(dict.fromkeys(name.strip() for name in names if name.strip()))
        for label in labels:
            others = [other for other in labels if other != label]
            for _ in range(per_label):
                described = chance.random() < descriptions or not others
                positive = occupation.description if described else chance.choice(others)
                rows.append((vary(label, varied, chance), positive, occupation.conceptUri))
    frame = pd.DataFrame(rows, columns=["anchor", "positive", "group"]).drop_duplicates()
    return frame[frame["anchor"] != frame["positive"]].reset_index(drop=True)


def vary(label: str, share: float, chance: random.Random) -> str:
    if chance.random() < share:
        label = plural(label)
    return label.title() if chance.random() < share else label


def plural(label: str) -> str:
    if label.endswith("y") and label[-2:-1] not in "aeiou":
        return f"{label[:-1]}ies"
    return f"{label}es" if label.endswith(("s", "x", "ch", "sh")) else f"{label}s"


if __name__ == "__main__":
    main()
