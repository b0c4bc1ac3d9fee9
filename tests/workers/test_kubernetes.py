import pytest

from tfsiamese.errors import SettingsError
from tfsiamese.workers import is_indexed_job, kubernetes_worker

POD = {"JOB_COMPLETION_INDEX": "1", "HOSTNAME": "train-jobs-1"}


def test_pods_are_found_by_the_jobs_name_and_the_service():
    worker = kubernetes_worker(POD, 3, "workers", 4000)
    assert worker.addresses == ("train-jobs-0.workers:4000", "train-jobs-1.workers:4000", "train-jobs-2.workers:4000")
    assert worker.index == 1


def test_the_service_has_the_name_of_the_job_unless_it_is_named():
    assert kubernetes_worker(POD, 2).addresses == ("train-jobs-0.train-jobs:2222", "train-jobs-1.train-jobs:2222")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"JOB_COMPLETION_INDEX": ""}, "completionMode: Indexed"),
        ({"HOSTNAME": ""}, "HOSTNAME is ''. Expected the name of the Job, then -1"),
        ({"HOSTNAME": "train-jobs-x7k2p"}, "HOSTNAME is 'train-jobs-x7k2p'"),
        ({"HOSTNAME": "-1"}, "HOSTNAME is '-1'"),
        ({"JOB_COMPLETION_INDEX": "3", "HOSTNAME": "train-jobs-3"}, "There are 3 workers"),
    ],
)
def test_a_pod_of_another_kind_is_refused(changes: dict[str, str], message: str):
    with pytest.raises(SettingsError, match=message):
        kubernetes_worker(POD | changes, 3)


def test_an_indexed_job_is_known_by_its_variable():
    assert is_indexed_job(POD)
    assert not is_indexed_job({"HOSTNAME": "train-jobs-1"})
