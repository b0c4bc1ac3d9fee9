"""From the variables of a pod in an indexed Kubernetes Job to the workers of a run.

A Job named N gives the pod of index i the host name N-i; a headless service makes it N-i.SERVICE in the cluster's DNS.

Reference: https://kubernetes.io/docs/tasks/job/job-with-pod-to-pod-communication/
"""

from collections.abc import Mapping

from tfsiamese.errors import SettingsError
from tfsiamese.workers.cluster import Worker

__all__ = ["is_indexed_job", "kubernetes_worker"]

_INDEX, _HOST = "JOB_COMPLETION_INDEX", "HOSTNAME"
_PORT = 2222


def is_indexed_job(environment: Mapping[str, str]) -> bool:
    """Whether this process is in a pod of an indexed Job."""
    return _INDEX in environment


def kubernetes_worker(
    environment: Mapping[str, str], num_workers: int, service: str | None = None, port: int | None = None
) -> Worker:
    """The worker that a pod is.

    Args:
        environment: JOB_COMPLETION_INDEX, and HOSTNAME as Kubernetes sets it for an indexed Job.
        num_workers: the Job's `completions`, which have to be its `parallelism` too.
        service: the headless service; by default it has the Job's name.
        port: at which all workers listen; 2222 by default.

    Raises:
        SettingsError: a variable is absent, or the host name is not that of an indexed Job.
    """
    index = environment.get(_INDEX, "")
    if not index.isdecimal():
        raise SettingsError(
            f"{_INDEX} is {index!r:.40}. Expected the index of a pod: the Job needs completionMode: Indexed."
        )
    host = environment.get(_HOST, "")
    job = host.removesuffix(f"-{index}")
    if not job or job == host:
        raise SettingsError(
            f"{_HOST} is {host!r:.80}. Expected the name of the Job, then -{index}, which is the host name of a pod of "
            "an indexed Job; leave spec.hostname and hostNetwork out of the manifest."
        )
    addresses = (f"{job}-{number}.{service or job}:{_PORT if port is None else port}" for number in range(num_workers))
    return Worker(tuple(addresses), int(index))
