"""A model with two versions, and a server of it that lives in the tests' own process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.conftest import write_tiny_encoder
from tfsiamese.serving import ServerSettings, create_app

CONFIG = """
model_config_list {
  config {
    name: "jobs"
    base_path: "/models/jobs"
    model_platform: "tensorflow"
    model_version_policy { specific { versions: 1 versions: 2 } }
    version_labels { key: "stable" value: 1 }
    version_labels { key: "canary" value: 2 }
  }
}
"""


@pytest.fixture(scope="session")
def two_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model with the versions 1 and 2, which differ in their weights. Not to be changed."""
    base = tmp_path_factory.mktemp("models") / "jobs"
    for number in (1, 2):
        write_tiny_encoder(base / str(number), seed=number)
    return base


@pytest.fixture(scope="session")
def labelled_versions(tmp_path_factory: pytest.TempPathFactory, two_versions: Path) -> Path:
    """The same model with a `models.config` that serves both versions, as `stable` and as `canary`."""
    base = tmp_path_factory.mktemp("labelled") / "jobs"
    base.mkdir()
    for number in ("1", "2"):
        (base / number).symlink_to(two_versions / number, target_is_directory=True)
    (base / "models.config").write_text(CONFIG, encoding="utf-8")
    return base


@pytest.fixture(scope="session")
def server(labelled_versions: Path) -> Iterator[TestClient]:
    """A client of a server with both versions; errors inside the server are answers, not exceptions."""
    settings = ServerSettings(max_request_bytes=200_000, poll_seconds=60)
    with TestClient(create_app(labelled_versions, settings), raise_server_exceptions=False) as client:
        yield client
