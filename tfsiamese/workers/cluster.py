"""TF_CONFIG: which processes train together, and which of them this one is.

Reference: https://www.tensorflow.org/guide/distributed_training, "Setting up the TF_CONFIG environment variable".
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tfsiamese.errors import SettingsError

__all__ = ["VARIABLE", "Worker", "is_chief", "num_workers", "read_worker", "worker_index"]

VARIABLE = "TF_CONFIG"

_EXPECTED = (
    'Expected {"cluster": {"worker": ["host:port", …]}, "task": {"type": "worker", "index": 0}}; '
    "`tfsiamese launch` writes it."
)
# The order of the jobs is that of the workers.
_JOBS = ("chief", "worker")
_LARGEST_PORT = 65_535


@dataclass(frozen=True)
class Worker:
    """One of the processes that train together.

    Attributes:
        addresses: "host:port" of each, in their order.
        index: which of them this one is; 0 is the chief, which alone writes and prints.

    Raises:
        SettingsError: an address is wrong or there twice, or the index is out of range.
    """

    addresses: tuple[str, ...]
    index: int

    def __post_init__(self) -> None:
        if not self.addresses:
            raise SettingsError(f"There is no worker in the cluster. {_EXPECTED}")
        for address in self.addresses:
            _check_address(address)
        twice = sorted({address for address in self.addresses if self.addresses.count(address) > 1})
        if twice:
            raise SettingsError(f"Two workers have the address {twice[0]}. Give each worker a port of its own.")
        if not 0 <= self.index < len(self.addresses):
            raise SettingsError(
                f"There are {len(self.addresses)} workers. Expected an index from 0 to {len(self.addresses) - 1}. "
                f"Received: {self.index}."
            )

    @property
    def is_chief(self) -> bool:
        """Whether it is the one that writes and prints."""
        return self.index == 0

    def tf_config(self) -> str:
        """The value of TF_CONFIG for this process."""
        task = {"type": "worker", "index": self.index}
        return json.dumps({"cluster": {"worker": list(self.addresses)}, "task": task})


def read_worker(environment: Mapping[str, str] | None = None) -> Worker | None:
    """Reads TF_CONFIG.

    Args:
        environment: the variables; those of this process by default.

    Returns:
        This process among the others; None where TF_CONFIG is absent, empty or names no cluster.

    Raises:
        SettingsError: TF_CONFIG is wrong; the message says where.
    """
    text = (os.environ if environment is None else environment).get(VARIABLE, "").strip()
    if not text:
        return None
    try:
        config = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"TF_CONFIG is no JSON ({error}). {_EXPECTED}") from None
    if not isinstance(config, dict):
        raise SettingsError(f"TF_CONFIG is {config!r:.60}. {_EXPECTED}")
    if not config.get("cluster"):
        return None
    jobs = _jobs(config["cluster"])
    index = _place(config.get("task"), jobs)
    try:
        return Worker(tuple(address for job in _JOBS for address in jobs.get(job, ())), index)
    except SettingsError as error:
        raise SettingsError(f"TF_CONFIG is wrong: {error}") from None


def is_chief() -> bool:
    """Whether this process writes and prints: the first worker, or the only process there is."""
    return worker_index() == 0


def worker_index() -> int:
    """The number of this process among the workers, from 0; 0 without TF_CONFIG."""
    worker = read_worker()
    return 0 if worker is None else worker.index


def num_workers() -> int:
    """How many processes train together; 1 without TF_CONFIG."""
    worker = read_worker()
    return 1 if worker is None else len(worker.addresses)


def _jobs(cluster: Any) -> dict[str, Sequence[str]]:
    """The addresses by job."""
    if not isinstance(cluster, dict):
        raise SettingsError(f"TF_CONFIG has the cluster {cluster!r:.60}. {_EXPECTED}")
    for job, addresses in cluster.items():
        if job not in _JOBS:
            raise SettingsError(
                f"TF_CONFIG has the job {job!r} in its cluster. Workers that train together are of the jobs 'worker' "
                "and 'chief' alone; leave it out."
            )
        if not isinstance(addresses, list) or not all(isinstance(address, str) for address in addresses):
            raise SettingsError(f"TF_CONFIG has {job} = {addresses!r:.60}. Expected a list of addresses host:port.")
    if len(cluster.get("chief", ())) > 1:
        raise SettingsError(f"TF_CONFIG has {len(cluster['chief'])} chiefs. Expected one at most.")
    return cluster


def _place(task: Any, jobs: Mapping[str, Sequence[str]]) -> int:
    """The number of a task among all workers."""
    if not isinstance(task, dict):
        raise SettingsError(f"TF_CONFIG has the task {task!r:.60}. {_EXPECTED}")
    kind, index = task.get("type"), task.get("index", 0)
    if isinstance(index, str) and index.isdecimal():
        index = int(index)
    if not isinstance(kind, str) or kind not in jobs:
        raise SettingsError(f"TF_CONFIG has the task type {kind!r}. Expected a job of its cluster: {', '.join(jobs)}.")
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(jobs[kind]):
        raise SettingsError(
            f"TF_CONFIG has the task index {index!r} and {len(jobs[kind])} addresses of the job {kind!r}. "
            f"Expected an index from 0 to {len(jobs[kind]) - 1}."
        )
    return index + (len(jobs.get("chief", ())) if kind == "worker" else 0)


def _check_address(address: str) -> None:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= _LARGEST_PORT:
        raise SettingsError(f"The address {address!r:.80} is none. Expected host:port, with a port from 1 to 65535.")
