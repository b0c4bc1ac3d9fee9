"""Several processes that train together: who they are, and how they are started."""

from tfsiamese.workers.cluster import Worker, is_chief, num_workers, read_worker, worker_index
from tfsiamese.workers.kubernetes import is_indexed_job, kubernetes_worker
from tfsiamese.workers.launching import LaunchSettings, run_workers
from tfsiamese.workers.slurm import expand_hosts, is_slurm_step, slurm_worker

__all__ = [
    "LaunchSettings",
    "Worker",
    "expand_hosts",
    "is_chief",
    "is_indexed_job",
    "is_slurm_step",
    "kubernetes_worker",
    "num_workers",
    "read_worker",
    "run_workers",
    "slurm_worker",
    "worker_index",
]
