"""From the variables that Slurm sets for a task of `srun` to the workers of a run.

Reference: https://slurm.schedmd.com/srun.html, "OUTPUT ENVIRONMENT VARIABLES"; host lists: man page of scontrol,
"show hostnames".
"""

import itertools
import re
from collections.abc import Iterator, Mapping

from tfsiamese.errors import SettingsError
from tfsiamese.workers.cluster import Worker

__all__ = ["expand_hosts", "is_slurm_step", "slurm_worker"]

_TASK, _TASKS, _NODES = "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_NODELIST"
_TASKS_ON_NODES, _DISTRIBUTION, _JOB = "SLURM_STEP_TASKS_PER_NODE", "SLURM_DISTRIBUTION", "SLURM_JOB_ID"

_OUTSIDE_BRACKETS = re.compile(r",(?![^\[]*\])")
_NAME = re.compile(r"(?:[^,\[\]\s]|\[[0-9,-]+\])+")
_BRACKETS = re.compile(r"\[([0-9,-]+)\]")
_REPEATED = re.compile(r"(\d+)(?:\(x(\d+)\))?")

# Below the ports that Linux gives to connections, so that none of those is in the way; jobs that share a node differ.
_FIRST_PORT, _PORTS_OF_JOBS, _PORTS_EACH = 20_000, 600, 20


def is_slurm_step(environment: Mapping[str, str]) -> bool:
    """Whether `srun` has started this process as one of several tasks."""
    return _TASK in environment and _NODES in environment and environment.get(_TASKS, "1") != "1"


def slurm_worker(environment: Mapping[str, str], port: int | None = None) -> Worker:
    """The worker that a task of `srun` is; tasks on one node have ports that follow each other.

    Args:
        environment: Slurm's variables.
        port: of the first task of each node; by default one that follows from the job's number.

    Raises:
        SettingsError: the variables are absent or don't go together, or tasks are not handed out node by node.

    Example:
        >>> variables = {"SLURM_PROCID": "1", "SLURM_STEP_NODELIST": "node[01-02]", "SLURM_STEP_NUM_TASKS": "2"}
        >>> slurm_worker(variables, 8000)
        Worker(addresses=('node01:8000', 'node02:8000'), index=1)
    """
    task, number = _number(environment, _TASK), _number(environment, _TASKS, "SLURM_NTASKS")
    nodes = expand_hosts(_value(environment, _NODES))
    on_nodes = _tasks_on_nodes(environment, number, nodes)
    distribution = environment.get(_DISTRIBUTION, "block")
    if max(on_nodes) > 1 and not distribution.startswith(("block", "pack", "nopack")):
        raise SettingsError(
            f"Slurm hands out tasks by the distribution {distribution!r}, and several to a node. Expected block; "
            "start them with srun --distribution=block, or one task a node."
        )
    first = _port_of_job(environment) if port is None else port
    addresses = [
        f"{node}:{first + local}" for node, tasks in zip(nodes, on_nodes, strict=True) for local in range(tasks)
    ]
    return Worker(tuple(addresses), task)


def expand_hosts(text: str) -> list[str]:
    """The names in a host list of Slurm, in their order.

    Raises:
        SettingsError: it is no host list.

    Example:
        >>> expand_hosts("node[01-03,7],login")
        ['node01', 'node02', 'node03', 'node7', 'login']
    """
    hosts: list[str] = []
    for name in _OUTSIDE_BRACKETS.split(text.strip()):
        if not _NAME.fullmatch(name):
            raise SettingsError(f"{text!r:.80} is no host list. Expected one such as node[01-03,7],login.")
        # Text and brackets take turns, beginning with text.
        parts = _BRACKETS.split(name)
        choices = [[part] if place % 2 == 0 else list(_numbers(part, text)) for place, part in enumerate(parts)]
        hosts += ["".join(chosen) for chosen in itertools.product(*choices)]
    return hosts


def _numbers(ranges: str, text: str) -> Iterator[str]:
    """The numbers of "01-03,7" with their leading zeros."""
    for part in ranges.split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if not (first.isdecimal() and last.isdecimal()) or int(first) > int(last):
            raise SettingsError(f"{text!r:.80} is no host list: {part!r} is no number and no range of numbers.")
        yield from (str(number).zfill(len(first)) for number in range(int(first), int(last) + 1))


def _tasks_on_nodes(environment: Mapping[str, str], number: int, nodes: list[str]) -> list[int]:
    """How many tasks each node has, from "2(x3),1"; as many on each where Slurm does not say."""
    said = environment.get(_TASKS_ON_NODES)
    if said is None:
        tasks = [number // len(nodes)] * len(nodes)
    else:
        matches = [_REPEATED.fullmatch(part) for part in said.split(",")]
        tasks = [int(match[1]) for match in matches if match for _ in range(int(match[2] or 1))]
    if len(tasks) != len(nodes) or sum(tasks) != number:
        raise SettingsError(
            f"Slurm's variables don't go together: {number} tasks, {len(nodes)} nodes in {_NODES}, "
            f"{_TASKS_ON_NODES} = {said!r}. Start the workers with srun."
        )
    return tasks


def _port_of_job(environment: Mapping[str, str]) -> int:
    job = environment.get(_JOB, "0")
    return _FIRST_PORT + (int(job) if job.isdecimal() else 0) % _PORTS_OF_JOBS * _PORTS_EACH


def _number(environment: Mapping[str, str], *names: str) -> int:
    value = _value(environment, *names)
    if not value.isdecimal():
        raise SettingsError(f"{names[0]} is {value!r:.40}. Expected a whole number, as srun sets it.")
    return int(value)


def _value(environment: Mapping[str, str], *names: str) -> str:
    value = next((environment[name] for name in names if environment.get(name)), None)
    if value is None:
        raise SettingsError(f"There is no {names[0]}. Start the workers with srun, which sets it for each task.")
    return value
