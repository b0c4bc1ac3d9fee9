from pathlib import Path

import pytest

from tfsiamese.errors import SettingsError
from tfsiamese.workers import shares
from tfsiamese.workers.shares import share_of_worker, visible_gpus


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch):
    """Eight processors, no GPU."""
    monkeypatch.setattr(shares, "num_processors", lambda: 8)
    monkeypatch.setattr(shares, "_num_devices", lambda: 0)


@pytest.mark.parametrize(
    ("number", "threads", "waiting"), [(1, "8", "8"), (2, "4", "4"), (3, "2", "2"), (20, "1", "2")]
)
def test_processors_are_shared_out(number: int, threads: str, waiting: str):
    assert share_of_worker({}, 0, number) == {
        "TF_NUM_INTRAOP_THREADS": threads,
        "OMP_NUM_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": waiting,
    }


def test_a_limit_that_is_set_already_stays():
    assert "OMP_NUM_THREADS" not in share_of_worker({"OMP_NUM_THREADS": "3"}, 0, 2)


@pytest.mark.parametrize(
    ("visible", "number", "each", "expected"),
    [
        ("0,1,2,3", 2, None, ["0,1", "2,3"]),
        ("0,1,2", 2, None, ["0", "1"]),
        ("4,7", 2, 1, ["4", "7"]),
        ("GPU-a,GPU-b,GPU-c", 2, 1, ["GPU-a", "GPU-b"]),
        ("0,1", 2, 0, ["-1", "-1"]),
    ],
)
def test_each_worker_gets_gpus_of_its_own(visible: str, number: int, each: int | None, expected: list[str]):
    found = [share_of_worker({"CUDA_VISIBLE_DEVICES": visible}, index, number, each) for index in range(number)]
    assert [share["CUDA_VISIBLE_DEVICES"] for share in found] == expected


@pytest.mark.parametrize(("visible", "each"), [("0", None), ("0,1,2", 2), ("-1", 1), ("", 1)])
def test_too_few_gpus_are_refused_with_both_ways_out(visible: str, each: int | None):
    with pytest.raises(SettingsError, match="Start fewer workers, or .* --gpus-per-worker 0"):
        share_of_worker({"CUDA_VISIBLE_DEVICES": visible}, 0, 2, each)


def test_a_machine_that_hides_its_gpus_has_none():
    assert "CUDA_VISIBLE_DEVICES" not in share_of_worker({"CUDA_VISIBLE_DEVICES": "-1"}, 0, 2)


def test_names_behind_one_that_is_none_do_not_count():
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": "2, 3,-1,4"}) == ["2", "3"]


def test_all_devices_are_visible_where_nothing_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shares, "_num_devices", lambda: 2)
    assert visible_gpus({}) == ["0", "1"]


def test_devices_are_counted_by_their_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.undo()
    for name in ("nvidia0", "nvidia5", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    assert shares._num_devices(str(tmp_path)) == 2
