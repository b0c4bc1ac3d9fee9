"""Runs the sides of a benchmark in turn, each in a process of its own, and reports medians.

A script that measures has a worker: called as `script --worker JOB`, with the job as JSON, it prints its figures as
JSON on its last line. The peak memory of a process is then its own.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = [
    "Case",
    "Column",
    "Step",
    "add_options",
    "answer",
    "compare",
    "describe_steps",
    "peak_megabytes",
    "product_rates",
    "required",
    "run_rounds",
    "show",
    "show_table",
    "start",
    "write_json",
]

MOST_SECONDS = 900

Figures = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One work, as each of its sides does it.

    Attributes:
        name: for the table.
        job: what every side's worker is told; the side's name is added.
        sides: the Python interpreter of each side by its name; ratios are those of the first to the others.
        cost: seconds that a round is expected to take, for the estimate.
    """

    name: str
    job: dict[str, Any]
    sides: dict[str, str]
    cost: float = 30.0


@dataclass(frozen=True)
class Column:
    """One column of the table.

    Attributes:
        key: of the figures.
        heading: with the unit.
        form: how a value is written.
    """

    key: str
    heading: str
    form: str = ",.1f"


@dataclass(frozen=True)
class Step:
    """One step of training; times are those of `time.perf_counter`."""

    begin: float
    end: float
    loss: float
    rows: int
    extra_waiting: float = field(default=0.0, kw_only=True)


def add_options(parser: argparse.ArgumentParser, rounds: int) -> None:
    """The options that all benchmarks have."""
    parser.add_argument("--data", default=os.environ.get("TFSIAMESE_DATA"), help="the folder of the data sets")
    parser.add_argument("--rounds", type=int, default=rounds, help=f"processes of each side ({rounds})")
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu", help="what both sides run on (cpu)")
    parser.add_argument("--quick", action="store_true", help="one short round, to see that everything works")
    parser.add_argument("--json", metavar="FILE", help="write all figures, versions and the machine to this file")
    parser.add_argument("--compare", metavar="OLD.json", help="print the change since an earlier file")
    parser.add_argument("--worker", help=argparse.SUPPRESS)


def product_rates(script: str, device: str) -> dict[str, float]:
    """The rates of one large product, by its type, as a worker measures them; ends the program where it fails."""
    found = required(start(script, sys.executable, {"work": "machine"}, device))
    return {name: rate for name, rate in found.items() if name.startswith("gemm")}


def required(figures: Figures) -> Figures:
    """Figures that the program cannot go on without; ends it where there is an error in their place."""
    if "error" in figures:
        sys.exit(figures["error"])
    return figures


def start(script: str, python: str, job: dict[str, Any], device: str = "cpu") -> Figures:
    """Runs a worker.

    Returns:
        Its figures, or {"error": …} where it failed or took too long.
    """
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TOKENIZERS_PARALLELISM": "true"}
    if device == "cpu":
        environment["CUDA_VISIBLE_DEVICES"] = "-1"
    command = [python, script, "--worker", json.dumps(job | {"device": device})]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=MOST_SECONDS
        )
    except subprocess.TimeoutExpired:
        return {"error": f"took more than {MOST_SECONDS} s"}
    except OSError as error:
        return {"error": f"{python} cannot be started: {error.strerror}"}
    if done.returncode != 0:
        return {"error": done.stderr[-2000:].strip() or f"exit status {done.returncode}"}
    return json.loads(done.stdout.splitlines()[-1])


def run_rounds(script: str, cases: Sequence[Case], rounds: int, device: str) -> list[Figures]:
    """Measures every side of every case once a round; the side that starts changes from round to round."""
    estimate = rounds * sum(case.cost for case in cases)
    show(f"{len(cases)} cases, rounds: {rounds}; about {estimate / 60:.1f} minutes on a quiet machine")
    figures = []
    for number in range(rounds):
        for case in cases:
            for side in list(case.sides)[:: 1 if number % 2 == 0 else -1]:
                found = start(script, case.sides[side], case.job | {"side": side}, device)
                figures.append({"case": case.name, "side": side, "round": number} | found)
                if "error" in found:
                    show(f"{case.name}, {side} failed: {found['error']}")
    return figures


def show(line: str) -> None:
    """On standard error, so that standard output is the table alone."""
    print(line, file=sys.stderr, flush=True)


def peak_megabytes() -> float:
    """The most memory that this process held, in MB of 2²⁰ bytes.

    `ru_maxrss` starts from what the parent held when it forked, so that the kernel's mark of this process comes first.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        scale = 1024**2 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def describe_steps(steps: Sequence[Step], warm_up: int) -> Figures:
    """Pairs a second and the like, from the end of the warm-up on.

    Args:
        steps: all steps of a training.
        warm_up: steps before the clock starts, one at least.
    """
    if len(steps) <= warm_up:
        raise ValueError(f"{len(steps)} steps, of which {warm_up} are the warm-up: there is nothing to measure.")
    timed = steps[warm_up:]
    seconds = timed[-1].end - steps[warm_up - 1].end
    busy = sum(step.end - step.begin - step.extra_waiting for step in timed)
    return {
        "pairs_per_second": sum(step.rows for step in timed) / seconds,
        "step_seconds": statistics.median(step.end - step.begin for step in timed),
        "waiting_share": max(0.0, 1 - busy / seconds),
        "loss": statistics.mean(step.loss for step in timed),
        "steps": len(timed),
    }


def show_table(figures: Iterable[Figures], columns: Sequence[Column], speed: str) -> bool:
    """Prints medians of rounds, and the ratio of the first side of a case to each other side.

    Args:
        figures: of all rounds.
        columns: what to show.
        speed: the key whose ratio is shown.

    Returns:
        Whether every process gave figures.
    """
    grouped = _medians(figures)
    has_peers = any(len(sides) > 1 for sides in grouped.values())
    headings = ["medians of rounds", "side", *(column.heading for column in columns), *(["ratio"] if has_peers else [])]
    print("| " + " | ".join(headings) + " |")
    print("|---" * len(headings) + "|")
    complete = True
    for case, sides in grouped.items():
        first = next(iter(sides.values()))
        for side, medians in sides.items():
            complete = complete and not medians["failures"]
            cells = [_written(medians.get(column.key), column.form) for column in columns]
            can_compare = medians is not first and medians.get(speed) and first.get(speed)
            ratio = f"{first[speed] / medians[speed]:.2f} ×" if can_compare else ""
            print("| " + " | ".join([case, side, *cells, *([ratio] if has_peers else [])]) + " |")
    return complete


def _medians(figures: Iterable[Figures]) -> dict[str, dict[str, Figures]]:
    """Of each number, by case and side; sides in alphabetical order but for tfsiamese, which comes first."""
    rounds: dict[str, dict[str, list[Figures]]] = {}
    for figure in figures:
        rounds.setdefault(figure["case"], {}).setdefault(figure["side"], []).append(figure)
    return {
        case: {side: _median(sides[side]) for side in sorted(sides, key=lambda side: (side != "tfsiamese", side))}
        for case, sides in rounds.items()
    }


def _median(rounds: Sequence[Figures]) -> Figures:
    good = [figure for figure in rounds if "error" not in figure]
    medians: Figures = {"failures": len(rounds) - len(good)}
    for key, value in good[0].items() if good else ():
        if isinstance(value, int | float) and key != "round":
            medians[key] = statistics.median(figure[key] for figure in good)
    return medians


def _written(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def write_json(path: str | Path, machine: Figures, options: Figures, figures: Sequence[Figures]) -> None:
    """Writes what `compare` reads."""
    content = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": machine,
        "options": options,
        "figures": list(figures),
    }
    Path(path).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def compare(old: str | Path, figures: Iterable[Figures], keys: Sequence[str]) -> None:
    """Prints how the medians changed since `write_json` wrote a file; the machine may have been another one."""
    content = json.loads(Path(old).read_text(encoding="utf-8"))
    before, now = _medians(content["figures"]), _medians(figures)
    machine = content["machine"]
    print(f"\nagainst {old}: {content['date']}, commit {machine.get('commit')}, {machine.get('processor')}")
    for case, sides in now.items():
        for side, medians in sides.items():
            earlier = before.get(case, {}).get(side, {})
            changes = [_change(key, earlier.get(key), medians.get(key)) for key in keys]
            print(f"{case}, {side}: {'; '.join(filter(None, changes)) or 'nothing to compare'}")


def _change(key: str, before: float | None, now: float | None) -> str:
    if not before or now is None:
        return ""
    return f"{key} {before:,.4g} → {now:,.4g} ({(now / before - 1) * 100:+.1f} %)"


def answer(measure: Callable[[Figures], Figures], job: str) -> None:
    """What a worker does: measures, and prints the figures with the process's peak memory."""
    figures = measure(json.loads(job))
    print(json.dumps({"peak_megabytes": peak_megabytes()} | figures))
