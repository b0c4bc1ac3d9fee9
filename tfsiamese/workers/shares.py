"""What each worker of one machine gets of its processors and GPUs."""

import os
from collections.abc import Mapping
from pathlib import Path

from tfsiamese.errors import SettingsError

__all__ = ["num_processors", "share_of_worker", "visible_gpus"]

_GPUS = "CUDA_VISIBLE_DEVICES"
_THREADS = ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS")
# Operations of the network wait in these threads too.
_WAITING_THREADS, _FEWEST_WAITING = "TF_NUM_INTEROP_THREADS", 2


def share_of_worker(
    environment: Mapping[str, str], index: int, num_workers: int, gpus_per_worker: int | None = None
) -> dict[str, str]:
    """The variables that give a worker its share; those of threads only where they are not set yet.

    Args:
        environment: what the workers inherit.
        index: the worker.
        num_workers: how many there are on the machine.
        gpus_per_worker: 0 for none; by default all GPUs, in equal shares.

    Raises:
        SettingsError: there are fewer GPUs than that takes.
    """
    threads = max(num_processors() // num_workers, 1)
    limits = dict.fromkeys(_THREADS, threads) | {_WAITING_THREADS: max(threads, _FEWEST_WAITING)}
    share = {name: str(limit) for name, limit in limits.items() if name not in environment}
    gpus = visible_gpus(environment)
    if gpus_per_worker == 0:
        return share | {_GPUS: "-1"}
    if gpus_per_worker is None and not gpus:
        return share
    each = len(gpus) // num_workers if gpus_per_worker is None else gpus_per_worker
    if each == 0 or each * num_workers > len(gpus):
        raise SettingsError(
            f"{num_workers} workers want {max(each, 1)} GPUs each, and {len(gpus)} are visible. Start fewer workers, "
            "or have them compute on the CPU with --gpus-per-worker 0."
        )
    return share | {_GPUS: ",".join(gpus[index * each : (index + 1) * each])}


def visible_gpus(environment: Mapping[str, str]) -> list[str]:
    """The GPUs as CUDA_VISIBLE_DEVICES names them; without that variable, all NVIDIA devices of the machine."""
    said = environment.get(_GPUS)
    if said is None:
        return [str(number) for number in range(_num_devices())]
    names = [name.strip() for name in said.split(",")]
    # CUDA takes the names up to the first that is none.
    end = next((place for place, name in enumerate(names) if name in ("", "-1")), len(names))
    return names[:end]


def num_processors() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _num_devices(folder: str = "/dev") -> int:
    """A container sees the devices that it was given, and CUDA counts them from 0."""
    return sum(path.name.removeprefix("nvidia").isdecimal() for path in Path(folder).glob("nvidia[0-9]*"))
