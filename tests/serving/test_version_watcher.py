"""Versions that come and go, looked at once at a time."""

import asyncio
import shutil
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tfsiamese.errors import ServingError
from tfsiamese.servables.warmup import WarmupRequest, write_warmup_requests
from tfsiamese.serving.batch_limits import BatchLimits
from tfsiamese.serving.metrics import Metrics
from tfsiamese.serving.model_source import ModelSource
from tfsiamese.serving.rest_errors import RestError
from tfsiamese.serving.rest_paths import ModelPath
from tfsiamese.serving.served_model import ServedModel
from tfsiamese.serving.served_version import ServedVersion
from tfsiamese.serving.version_watcher import VersionWatcher

LATEST = ModelPath("jobs", None, None, "predict")
STABLE = ModelPath("jobs", None, "stable", "predict")


@pytest.fixture
def base(tmp_path: Path, two_versions: Path) -> Path:
    """A folder with version 1 alone."""
    publish(tmp_path / "jobs", two_versions, 1)
    return tmp_path / "jobs"


def publish(base: Path, two_versions: Path, number: int) -> Path:
    shutil.copytree(two_versions / "1", base / f".{number}")
    return (base / f".{number}").rename(base / str(number))


def write_config(base: Path, policy: str, labels: str = "") -> None:
    content = f'name: "jobs" base_path: "/models/jobs" model_platform: "tensorflow" model_version_policy {{ {policy} }}'
    content = f"model_config_list {{ config {{ {content} {labels} }} }}"
    (base / "models.config").write_text(content, encoding="utf-8")


def follow(base: Path, test: Callable[[VersionWatcher, ServedModel], Awaitable[None]]) -> None:
    source = ModelSource.find(base)
    model = ServedModel(source.name, BatchLimits(), Metrics())
    watcher = VersionWatcher(source, model)
    watcher.load_now()

    async def main() -> None:
        await test(watcher, model)
        while any(entry.state == "UNLOADING" and not entry.leases for entry in model.entries.values()):
            await asyncio.sleep(0)
        await watcher.shut_down()

    try:
        asyncio.run(main())
    finally:
        model.shut_down()


def states(model: ServedModel) -> dict[int, str]:
    return {number: entry.state for number, entry in model.entries.items()}


def test_a_new_version_takes_over_and_the_old_one_stays_until_its_last_request(base: Path, two_versions: Path):
    async def test(watcher: VersionWatcher, model: ServedModel) -> None:
        with model.lease(LATEST) as old:
            publish(base, two_versions, 2)
            await watcher.refresh()
            assert states(model) == {1: "UNLOADING", 2: "AVAILABLE"}
            await asyncio.sleep(0)
            assert old.version is not None
            with model.lease(LATEST) as new:
                assert new.number == 2
            with pytest.raises(RestError, match=r"Specific\(jobs, 1\)"), model.lease(ModelPath("jobs", 1, None, "")):
                pass
        while model.entries[1].state != "END":
            await asyncio.sleep(0)
        assert model.entries[1].version is None

    follow(base, test)


def test_a_broken_version_is_reported_and_the_old_one_goes_on(base: Path, two_versions: Path):
    async def test(watcher: VersionWatcher, model: ServedModel) -> None:
        broken = publish(base, two_versions, 2)
        (broken / "variables" / "variables.index").write_bytes(b"damaged")
        await watcher.refresh()
        status = model.status(ModelPath("jobs", 2, None, "status"))["model_version_status"][0]
        assert status["state"] == "END"
        assert status["status"]["error_code"] != "OK"
        assert status["status"]["error_message"]
        assert model.available() == [1]

        before = model.entries[2].error
        await watcher.refresh()
        assert model.entries[2].error is before, "it is not tried again while its files are the same"

        shutil.rmtree(broken)
        publish(base, two_versions, 2)
        await watcher.refresh()
        assert model.available() == [2]

    follow(base, test)


def test_a_warm_up_request_that_fails_keeps_the_version_from_being_served(base: Path, two_versions: Path):
    async def test(watcher: VersionWatcher, model: ServedModel) -> None:
        for number, requests in {
            2: [WarmupRequest("serving_default", {"texts": ["a"]}), WarmupRequest("nope", {"texts": ["a"]})],
            3: [WarmupRequest("similarity", {"left": ["a"], "right": ["a", "b"]})],
        }.items():
            write_warmup_requests(publish(base, two_versions, number), "jobs", requests)
            await watcher.refresh()
            assert model.available() == [1]
        assert "Warm-up request 2: there is no signature 'nope'" in str(model.entries[2].error)
        assert "Warm-up request 1 (similarity): " in str(model.entries[3].error)

        similar = WarmupRequest("similarity", {"left": ["a", "b"], "right": ["c", "d"]})
        write_warmup_requests(publish(base, two_versions, 4), "jobs", [similar])
        await watcher.refresh()
        assert model.available() == [4]

    follow(base, test)


def test_the_policy_and_the_labels_of_models_config_are_followed(base: Path, two_versions: Path):
    label = 'version_labels {{ key: "stable" value: {} }}'
    write_config(base, "specific { versions: 1 }", label.format(1))

    async def test(watcher: VersionWatcher, model: ServedModel) -> None:
        publish(base, two_versions, 2)
        await watcher.refresh()
        assert model.available() == [1]

        write_config(base, "specific { versions: 1 versions: 2 }", label.format(2))
        await watcher.refresh()
        assert model.available() == [1, 2]
        with model.lease(STABLE) as entry:
            assert entry.number == 2

        write_config(base, "specific { versions: 1 }", label.format(1))
        await watcher.refresh()
        assert model.available() == [1]
        with model.lease(STABLE) as entry:
            assert entry.number == 1

    follow(base, test)


def test_a_label_stays_until_the_version_it_moves_to_is_available(base: Path, two_versions: Path):
    label = 'version_labels {{ key: "stable" value: {} }}'
    write_config(base, "specific { versions: 1 versions: 2 }", label.format(1))

    async def test(watcher: VersionWatcher, model: ServedModel) -> None:
        write_config(base, "specific { versions: 1 versions: 2 }", label.format(2))
        await watcher.refresh()
        assert model.labels == {"stable": 1}
        publish(base, two_versions, 2)
        await watcher.refresh()
        assert model.labels == {"stable": 2}

    follow(base, test)


def test_a_version_that_a_label_still_stands_for_stays(base: Path, two_versions: Path):
    publish(base, two_versions, 2)
    write_config(base, "specific { versions: 1 versions: 2 }", 'version_labels { key: "stable" value: 1 }')

    async def test(watcher: VersionWatcher, model: ServedModel) -> None:
        third = publish(base, two_versions, 3)
        index = (third / "variables" / "variables.index").read_bytes()
        (third / "variables" / "variables.index").write_bytes(b"damaged")
        write_config(base, "specific { versions: 2 versions: 3 }", 'version_labels { key: "stable" value: 3 }')
        await watcher.refresh()
        assert (model.available(), model.labels) == ([1, 2], {"stable": 1})
        with model.lease(STABLE) as entry:
            assert entry.number == 1

        (third / "variables" / "variables.index").write_bytes(index)
        await watcher.refresh()
        assert (model.available(), model.labels) == ([2, 3], {"stable": 3})

    follow(base, test)


def test_a_version_that_failed_is_tried_again_when_any_of_its_files_changes(base: Path, two_versions: Path):
    async def test(watcher: VersionWatcher, model: ServedModel) -> None:
        second = publish(base, two_versions, 2)
        write_warmup_requests(second, "jobs", [WarmupRequest("nope", {"texts": ["a"]})])
        await watcher.refresh()
        assert model.available() == [1]
        write_warmup_requests(second, "jobs", [WarmupRequest("serving_default", {"texts": ["a"]})])
        await watcher.refresh()
        assert model.available() == [2]

    follow(base, test)


def test_a_load_that_does_not_end_holds_up_neither_the_watching_nor_the_end(
    base: Path, two_versions: Path, monkeypatch: pytest.MonkeyPatch
):
    started, go = threading.Event(), threading.Event()

    def load(number: int, folder: Path) -> None:
        started.set()
        assert go.wait(60)
        raise RestError("CANCELLED", "too late")

    async def test(watcher: VersionWatcher, model: ServedModel) -> None:
        monkeypatch.setattr(ServedVersion, "load", load)
        publish(base, two_versions, 2)
        watching = asyncio.ensure_future(watcher.watch(0))
        await asyncio.get_running_loop().run_in_executor(None, started.wait)
        assert watcher.is_loading
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await watcher.shut_down()
        assert watcher.is_loading

    try:
        follow(base, test)
    finally:
        go.set()


def test_a_damaged_config_and_an_empty_folder_leave_the_server_as_it_is(
    base: Path, two_versions: Path, caplog: pytest.LogCaptureFixture
):
    async def test(watcher: VersionWatcher, model: ServedModel) -> None:
        (base / "models.config").write_text("{", encoding="utf-8")
        await watcher.refresh()
        await watcher.refresh()
        (base / "models.config").unlink()
        shutil.rmtree(base / "1")
        await watcher.refresh()
        assert model.available() == [1]

    follow(base, test)
    messages = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(messages) == 2
    assert "models.config cannot be read" in messages[0]
    assert "holds no version to serve" in messages[1]


def test_no_version_that_can_be_loaded_is_an_error_at_the_start(base: Path):
    (base / "1" / "variables" / "variables.index").write_bytes(b"damaged")
    with pytest.raises(ServingError, match=r"No version of .* can be served \(version 1: "):
        follow(base, lambda watcher, model: asyncio.sleep(0))
