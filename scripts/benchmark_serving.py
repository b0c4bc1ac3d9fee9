"""Loads `tfsiamese serve` with many clients at a time, and times a plain loop of `encode` beside it.

    python scripts/benchmark_serving.py models/jobs --clients 64 --seconds 60 --publish --json serving.json

Every client sends one text, waits for its vector and sends the next, over a connection that is kept. The sides take
turns for several rounds, each in processes of its own, and the table holds medians: the server, the same server
without batching, `encode` of one text at a time, and `encode` in batches. With --publish a new version appears in the
middle of each round, by a rename; no request may fail, and the new version must be the one that answers in the end.
The model's folder is not touched: the server has a copy of it.

The clients share the machine with the server: see their share of a core in the table. Where it comes near to the
number of their processes, they hold the server up, and --load-processes should be higher.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from serving_process import ServerProcess, newest_version, publish_next, server_on_copy

from tfsiamese.serving.client import Client

SERVED, UNBATCHED, ONE, MANY = "server", "server, one at a time", "encode, one at a time", "encode in batches"
PUBLISH_SECONDS = 120.0
COLUMNS = ("requests_per_second", "p50_ms", "p99_ms", "failures", "server_cpu", "clients_cpu")


def main() -> None:
    options = parse()
    texts = read_texts(options)
    if options.worker:
        print(json.dumps(time_encode(options, texts)))
        return
    figures: dict[str, list[dict]] = {SERVED: [], UNBATCHED: [], ONE: [], MANY: []}
    for number in range(options.rounds):
        sides = [SERVED, UNBATCHED]
        for side in sides[:: 1 if number % 2 == 0 else -1]:
            figures[side].append(time_server(options, texts, side))
            print(f"round {number + 1}, {side}: {json.dumps(figures[side][-1])}", file=sys.stderr, flush=True)
        for side, found in run_worker(options).items():
            figures[side].append(found)
    report(figures, options)
    if options.json:
        plan = {key: value for key, value in vars(options).items() if key not in ("json", "worker")}
        content = {"plan": plan, "machine": {"cpus": os.cpu_count()}, "texts": len(texts), "figures": figures}
        Path(options.json).write_text(json.dumps(content, indent=2), encoding="utf-8")
    wrong = sum(run["failures"] + run["wrong"] for side in (SERVED, UNBATCHED) for run in figures[side])
    unseen = [run for run in figures[SERVED] if options.publish and not run["published"]["answered"]]
    unclean = [run for side in (SERVED, UNBATCHED) for run in figures[side] if run["exit_code"] != 0]
    sys.exit(1 if wrong or unseen or unclean else 0)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="a model's folder, which holds 1/, 2/, …")
    parser.add_argument("--texts", metavar="FILE", help="one text a line (all texts of the samples in data/)")
    parser.add_argument("--clients", type=int, default=64, help="requests at a time (64)")
    parser.add_argument("--seconds", type=float, default=60.0, help="of load in each round (60)")
    parser.add_argument("--rounds", type=int, default=3, help="for the medians (3)")
    parser.add_argument("--publish", action="store_true", help="make a new version appear in the middle")
    parser.add_argument("--publish-from", metavar="DIR", help="the version to publish (a copy of the newest)")
    parser.add_argument("--max-batch-size", type=int, default=64, help="of the server (64)")
    parser.add_argument("--batch-timeout-ms", type=float, default=2.0, help="of the server (2)")
    parser.add_argument("--load-processes", type=int, default=1, help="that the clients are spread over (1)")
    parser.add_argument("--encode-seconds", type=float, default=10.0, help="for each way to encode (10)")
    parser.add_argument("--json", metavar="FILE", help="write all figures to this file")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def read_texts(options: argparse.Namespace) -> list[str]:
    """Each text once, in an order of no meaning, the same at every run."""
    if options.texts:
        texts = Path(options.texts).read_text(encoding="utf-8").splitlines()
    else:
        texts = []
        for path in sorted((Path(__file__).resolve().parent.parent / "data").glob("*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                texts += [cell for row in list(csv.reader(file))[1:] for cell in row if not _is_number(cell)]
    distinct = sorted({text.strip() for text in texts} - {""})
    if not distinct:
        sys.exit("There are no texts to send.")
    return [distinct[index] for index in np.random.default_rng(0).permutation(len(distinct))]


def _is_number(cell: str) -> bool:
    return cell.replace(".", "", 1).isdecimal()


def time_server(options: argparse.Namespace, texts: list[str], side: str) -> dict:
    """One round of load on a server that was started for it."""
    batch_size = options.max_batch_size if side == SERVED else 1
    settings = ["--max-batch-size", str(batch_size), "--batch-timeout-ms", str(options.batch_timeout_ms)]
    with server_on_copy(Path(options.folder), *settings) as (server, base):
        with Client(server.model_url) as client:
            client.encode(texts[:256], batch_size=1)
            before = client.encode(texts[:1])
            publisher = Publisher(options, server, base) if options.publish and side == SERVED else None
            cpu = server.cpu_seconds()
            loads = load(options, texts, server)
            cpu = server.cpu_seconds() - cpu
            figures = summed_up(loads, cpu)
            if publisher:
                figures["published"] = publisher.outcome(loads)
                figures["published"]["vector_changed"] = not np.allclose(before, client.encode(texts[:1]), atol=1e-4)
        figures["stopped_seconds"] = round(server.stop(), 2)
        figures["exit_code"] = server.exit_code
    return figures


def load(options: argparse.Namespace, texts: list[str], server: ServerProcess) -> list[dict]:
    """Starts the clients and waits for what they saw."""
    parts = urlsplit(server.model_url)
    plan = {"host": parts.hostname, "port": parts.port, "path": f"{parts.path}:predict", "seconds": options.seconds}
    processes = []
    for number in range(options.load_processes):
        clients = len(range(number, options.clients, options.load_processes))
        own = {
            **plan,
            "clients": clients,
            "texts": texts[number :: options.load_processes],
            "changes": options.publish_from,
        }
        command = [sys.executable, str(Path(__file__).with_name("load_generator.py"))]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        process.stdin.write(json.dumps(own))
        process.stdin.close()
    outputs = [process.stdout.read() for process in processes]
    if any(process.wait() for process in processes):
        sys.exit("A load generator failed; see above.")
    return [json.loads(output) for output in outputs]


def summed_up(loads: list[dict], server_cpu: float) -> dict:
    latencies = np.concatenate([seen["latencies"] for seen in loads]) * 1000
    seconds = max(seen["seconds"] for seen in loads)
    if not len(latencies):
        sys.exit(f"No request was answered: {loads[0]['first_failures']}")
    return {
        "requests": len(latencies),
        "requests_per_second": round(len(latencies) / seconds, 1),
        "p50_ms": round(float(np.percentile(latencies, 50)), 2),
        "p99_ms": round(float(np.percentile(latencies, 99)), 2),
        "longest_ms": round(float(latencies.max()), 2),
        "failures": sum(seen["failures"] for seen in loads),
        "first_failures": [reason for seen in loads for reason in seen["first_failures"]],
        "wrong": sum(seen["wrong"] for seen in loads),
        "server_cpu": round(server_cpu / seconds, 3),
        "clients_cpu": round(sum(seen["cpu_share"] for seen in loads), 3),
    }


class Publisher:
    """Publishes a version in the middle of the load, and looks out for the moment when it alone is served."""

    def __init__(self, options: argparse.Namespace, server: ServerProcess, base: Path):
        self._middle = time.monotonic() + options.seconds / 2
        self._source = Path(options.publish_from) if options.publish_from else newest_version(base)
        self._url, self._base = server.model_url, base
        self.number, self.available, self.alone = 0, 0.0, 0.0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        time.sleep(max(self._middle - time.monotonic(), 0))
        self.number = publish_next(self._source, self._base)
        published = time.monotonic()
        with Client(self._url) as client:
            while time.monotonic() < published + PUBLISH_SECONDS:
                states = {status.version: status.state for status in client.status()}
                if states.get(self.number) == "AVAILABLE":
                    self.available = self.available or time.monotonic()
                    if all(state == "END" for number, state in states.items() if number != self.number):
                        self.alone = time.monotonic()
                        return
                time.sleep(0.05)

    def outcome(self, loads: list[dict]) -> dict:
        """How long it took, and how many requests were answered when no other version was there any more."""
        self._thread.join()
        moments = np.concatenate([seen["finished_at"] for seen in loads])
        return {
            "version": self.number,
            "available_after_seconds": round(self.available - self._middle, 2) if self.available else None,
            "alone_after_seconds": round(self.alone - self._middle, 2) if self.alone else None,
            "answered": int((moments > self.alone).sum()) if self.alone else 0,
        }


def run_worker(options: argparse.Namespace) -> dict[str, dict]:
    command = [sys.executable, __file__, options.folder, "--worker", "--encode-seconds", str(options.encode_seconds)]
    command += ["--max-batch-size", str(options.max_batch_size)]
    command += ["--texts", options.texts] if options.texts else []
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        sys.exit(f"encode failed:\n{finished.stderr[-3000:]}")
    return json.loads(finished.stdout.splitlines()[-1])


def time_encode(options: argparse.Namespace, texts: list[str]) -> dict[str, dict]:
    """Texts a second in this process, after a warm-up."""
    import tfsiamese

    encoder = tfsiamese.load_encoder(str(newest_version(Path(options.folder))))
    figures = {}
    for side, size in ((ONE, 1), (MANY, options.max_batch_size)):
        encoder.encode(texts[: 4 * size], batch_size=size)
        latencies, done, end = [], 0, time.monotonic() + options.encode_seconds
        start = time.monotonic()
        while time.monotonic() < end:
            batch = [texts[(done + offset) % len(texts)] for offset in range(size)]
            begun = time.monotonic()
            encoder.encode(batch, batch_size=size)
            latencies.append((time.monotonic() - begun) * 1000)
            done += size
        rate = done / (time.monotonic() - start)
        p50, p99 = (round(float(np.percentile(latencies, share)), 2) for share in (50, 99))
        figures[side] = {"requests_per_second": round(rate, 1), "p50_ms": p50, "p99_ms": p99}
    return figures


def report(figures: dict[str, list[dict]], options: argparse.Namespace) -> None:
    print(f"{options.clients} clients, {options.seconds:g} s, medians of {options.rounds} rounds")
    print(f"{'':<24}{'texts/s':>10}{'p50 ms':>10}{'p99 ms':>10}{'failed':>8}{'cores':>8}{'clients':>9}")
    medians = {}
    for side, runs in figures.items():
        row = {column: statistics.median(run[column] for run in runs) for column in COLUMNS if column in runs[0]}
        medians[side] = row["requests_per_second"]
        cells = f"{row['requests_per_second']:>10,.1f}{row['p50_ms']:>10.2f}{row['p99_ms']:>10.2f}"
        if "failures" in row:
            failed = sum(run["failures"] for run in runs)
            cells += f"{failed:>8,}{row['server_cpu']:>8.2f}{row['clients_cpu']:>9.2f}"
        print(f"{side:<24}{cells}")
    for other in (UNBATCHED, ONE, MANY):
        print(f"{SERVED} : {other} = {medians[SERVED] / medians[other]:.2f}")
    busiest = max(run["clients_cpu"] for side in (SERVED, UNBATCHED) for run in figures[side])
    if busiest > 0.8 * options.load_processes:
        print(f"The clients used up to {busiest:.2f} cores in {options.load_processes} processes: they hold it up.")
    for run in figures[SERVED]:
        for reason in run["first_failures"]:
            print(f"failed: {reason}")
        if "published" in run:
            print(f"published: {json.dumps(run['published'])}")
        if run["wrong"]:
            print(f"{run['wrong']} vectors differed from the first of the same text")
    for side in (SERVED, UNBATCHED):
        for run in figures[side]:
            if run["exit_code"] != 0:
                print(f"{side}: ended with the code {run['exit_code']} in place of 0")


if __name__ == "__main__":
    main()
