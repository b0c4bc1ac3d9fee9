import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

from tests.conftest import write_tiny_encoder
from tfsiamese.cli.main import main
from tfsiamese.pairs import Pairs

STS_ROWS = [
    ("red apple", "red pear", 4.2),
    ("nurse doctor", "doctor", 3.6),
    ("green cloud", "data road", 0.0),
    ("blue river", "blue stone", 2.4),
    ("code data", "bread baker", 0.4),
    ("plum", "plum pear", 5.0),
]


class Result(NamedTuple):
    """What a command left: its exit status and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The message of a command that failed as it should: one line, the last of standard error."""
        lines = self.err.splitlines()
        assert self.status == 1, f"status {self.status}, standard error: {self.err}"
        assert lines[-1].startswith("tfsiamese: error: "), self.err
        assert not [line for line in lines[:-1] if line.startswith(("tfsiamese: error", "Traceback"))], self.err
        return lines[-1].removeprefix("tfsiamese: error: ")


Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    """The command line takes over the package's logger; the tests of other folders want it back."""
    logger = logging.getLogger("tfsiamese")
    before = logger.handlers, logger.level, logger.propagate
    yield
    logger.handlers, logger.level, logger.propagate = before


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `tfsiamese` with these arguments in this process."""

    def run(*arguments: object) -> Result:
        capsys.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as ended:
            status = ended.code
        return Result(status, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def pairs_file(tiny_pairs: Pairs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny pairs, 0 to 1, as CSV."""
    path = tmp_path_factory.mktemp("data") / "pairs.csv"
    tiny_pairs.frame[["left", "right", "score"]].to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def binary_file(tiny_pairs: Pairs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The texts of the tiny pairs with labels 0 and 1, as CSV."""
    path = tmp_path_factory.mktemp("data") / "binary.csv"
    frame = tiny_pairs.frame[["left", "right"]].assign(label=(tiny_pairs.scores > 0).astype(int))
    frame.set_axis(["text1", "text2", "label"], axis=1).to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def sts_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """STS data without a header, scores 0 to 5."""
    path = tmp_path_factory.mktemp("data") / "sts.csv"
    pd.DataFrame(STS_ROWS).to_csv(path, index=False, header=False)
    return path


@pytest.fixture(scope="session")
def labels_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "labels.txt"
    path.write_text("nurse\ndoctor\nbaker\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def other_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny encoder with other weights."""
    return write_tiny_encoder(tmp_path_factory.mktemp("encoders") / "other", seed=5)


@pytest.fixture(scope="session")
def finished_run(
    pairs_file: Path,
    sts_file: Path,
    labels_file: Path,
    tiny_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The folder of a run of three epochs that `tfsiamese train` has ended. Not to be changed."""
    out = tmp_path_factory.mktemp("runs") / "finished"
    arguments = ["train", pairs_file, "--encoder", tiny_folder, "--out", out, "--epochs", 3, "--learning-rate", 0.02]
    arguments += ["--sts", sts_file, "--labels", labels_file]
    assert main([str(argument) for argument in arguments]) == 0
    return out


@pytest.fixture
def run_copy(finished_run: Path, tmp_path: Path) -> Path:
    """A copy of the finished run, for a test to change."""
    return Path(shutil.copytree(finished_run, tmp_path / "copy"))
