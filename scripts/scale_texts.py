"""Makes files of any number of pairs of texts that read like job titles; the same seed gives the same files."""

import csv
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

__all__ = ["COLUMNS", "write_pairs"]

COLUMNS = {"triplets": ("anchor", "positive"), "pairs": ("left", "right", "score")}

ROWS_A_SHARD = 100_000

LEVELS = ["", "junior ", "senior ", "lead ", "chief ", "assistant ", "trainee ", "principal ", "deputy ", "temporary "]
FIELDS = ["data", "software", "network", "marketing", "sales", "finance", "logistics", "quality", "safety", "energy"]
FIELDS += ["textile", "dairy", "forestry", "mining", "railway", "aviation", "marine", "hospital", "school", "hotel"]
FIELDS += ["paper", "glass", "steel", "leather", "furniture", "pottery", "printing", "baking", "brewing", "farming"]
ROLES = ["engineer", "manager", "technician", "analyst", "inspector", "operator", "clerk", "adviser", "planner"]
ROLES += ["designer", "buyer", "teacher", "mechanic", "supervisor", "coordinator", "researcher", "driver", "auditor"]
PLACES = ["", " in the public sector", " for export", " on night shift", " in a laboratory", " at sea", " in retail"]
PLACES += [" for small firms", " in a workshop", " abroad", " in a call centre", " on site", " for a region"]
SYNONYMS = {"manager": "head", "technician": "specialist", "adviser": "consultant", "operator": "worker"}


def write_pairs(folder: Path, rows: int, form: str, shape: str = "triplets", seed: int = 0) -> list[str]:
    """Writes the files; no more than a shard is in memory.

    Args:
        folder: made where it does not exist.
        rows: of all files together.
        form: "csv", one file, or "parquet", a file for each 100,000 rows.
        shape: "triplets" (anchor, positive) or "pairs" (left, right, score).
        seed: of the choice.

    Returns:
        The paths, in order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = _rows(rows, shape, random.Random(seed))
    return [_write_csv(folder, lines, shape)] if form == "csv" else _write_parquet(folder, lines, shape)


def _rows(count: int, shape: str, chance: random.Random) -> Iterator[tuple]:
    for number in range(count):
        level, field, role, place = (chance.choice(words) for words in (LEVELS, FIELDS, ROLES, PLACES))
        # A number keeps most titles apart, as the names of firms and products do.
        unit = f", unit {chance.randrange(max(1000, count))}"
        left = f"{level}{field} {role}{place}{unit}"
        right = f"{field} {SYNONYMS.get(role, role)}{unit}, grade {number % 7}"
        yield (left, right) if shape == "triplets" else (left, right, f"{chance.random():.2f}")


def _write_csv(folder: Path, lines: Iterator[tuple], shape: str) -> str:
    path = folder / "pairs.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS[shape])
        writer.writerows(lines)
    return str(path)


def _write_parquet(folder: Path, lines: Iterator[tuple], shape: str) -> list[str]:
    import pyarrow
    import pyarrow.parquet

    paths = []
    while shard := list(itertools.islice(lines, ROWS_A_SHARD)):
        columns = dict(zip(COLUMNS[shape], map(list, zip(*shard, strict=True)), strict=True))
        if "score" in columns:
            columns["score"] = [float(score) for score in columns["score"]]
        path = folder / f"pairs-{len(paths):05}.parquet"
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
        paths.append(str(path))
    return paths
