"""`tfsiamese launch`: runs `train` in several processes that train together."""

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from tfsiamese.errors import SettingsError

if TYPE_CHECKING:
    from tfsiamese.workers import Worker

__all__ = ["add_parser"]

_CLUSTERS = ("auto", "local", "slurm", "kubernetes")


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "launch",
        help="train in several processes, on one machine or on a cluster",
        description=__doc__,
        usage="tfsiamese launch --workers N [options] -- train PAIRS --out RUN …",
        epilog="Where train names no --strategy, it gets --strategy multiworker.",
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes that train together (all tasks of Slurm)")
    parser.add_argument(
        "--cluster",
        choices=_CLUSTERS,
        default="auto",
        help="local: start all on this machine; slurm, kubernetes: this process is one of them (auto: what is found)",
    )
    parser.add_argument(
        "--port", type=int, metavar="P", help="of the first worker of a machine (any free; Slurm: of the job; 2222)"
    )
    parser.add_argument("--service", metavar="NAME", help="Kubernetes' headless service (the name of the Job)")
    parser.add_argument(
        "--gpus-per-worker", type=int, metavar="N", help="on one machine; 0 for none (all that are there, shared)"
    )
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="train …", help="what each of them runs: train and its arguments"
    )
    parser.set_defaults(run=run, usage_error=parser.error, commands=verbs.choices)


def run(options: argparse.Namespace) -> None:
    """Runs the verb."""
    command = _command(options)
    cluster = _cluster(options)
    if cluster == "local":
        _run_here(command, options)
    else:
        _become(command, options, _worker(cluster, options))


def _command(options: argparse.Namespace) -> list[str]:
    """The command of each worker, once its own parser has accepted it."""
    command = options.command[1:] if options.command[:1] == ["--"] else list(options.command)
    if not command:
        options.usage_error("name what the workers are to run, such as: -- train PAIRS --out RUN")
    if command[0] != "train":
        options.usage_error(f"workers train together: expected train behind the options. Received: {command[0]!r}")
    options.parsed = options.commands["train"].parse_args(command[1:])
    if options.parsed.strategy in ("one", "mirrored"):
        options.usage_error("workers train together by --strategy multiworker, which may be left out")
    return command


def _program(command: list[str], options: argparse.Namespace, num_workers: int) -> list[str]:
    """What a worker runs; training gets the strategy in which workers train together."""
    program = [sys.executable, "-m", "tfsiamese", *command]
    if num_workers == 1:
        return program
    # A configuration may name one; where it does not, the workers are found all the same.
    is_named = options.parsed.strategy or options.parsed.config
    return program if is_named else [*program, "--strategy", "multiworker"]


def _cluster(options: argparse.Namespace) -> str:
    from tfsiamese.workers import is_indexed_job, is_slurm_step

    if options.cluster != "auto":
        return options.cluster
    if is_slurm_step(os.environ):
        return "slurm"
    return "kubernetes" if is_indexed_job(os.environ) else "local"


def _worker(cluster: str, options: argparse.Namespace) -> "Worker":
    """The worker of a cluster that this process is."""
    from tfsiamese.workers import kubernetes_worker, slurm_worker

    if options.gpus_per_worker is not None:
        raise SettingsError(
            "--gpus-per-worker is for workers on one machine. Ask the cluster for GPUs: srun --gpus-per-task, or "
            "resources in the manifest."
        )
    if cluster == "kubernetes":
        return kubernetes_worker(os.environ, _number(options), options.service, options.port)
    worker = slurm_worker(os.environ, options.port)
    if options.workers not in (None, len(worker.addresses)):
        raise SettingsError(
            f"Slurm has started {len(worker.addresses)} tasks. Expected as many --workers, or leave them out. "
            f"Received: --workers {options.workers}."
        )
    return worker


def _run_here(command: list[str], options: argparse.Namespace) -> None:
    from tfsiamese.workers import LaunchSettings, run_workers

    number = _number(options)
    run_workers(_program(command, options, number), LaunchSettings(number, options.port, options.gpus_per_worker))


def _number(options: argparse.Namespace) -> int:
    if options.workers is None:
        options.usage_error("the following arguments are required: --workers, before the command")
    if options.workers < 1:
        raise SettingsError(f"Expected a positive number of --workers. Received: {options.workers}.")
    return options.workers


def _become(command: list[str], options: argparse.Namespace, worker: "Worker") -> None:
    """Puts the worker in the place of this process, so that the cluster's signals reach it."""
    program = _program(command, options, len(worker.addresses))
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(program[0], program, os.environ | {"TF_CONFIG": worker.tf_config()})
