"""Lint, format, types and the import law: the rules of the house, checked where the tests are run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKS = {
    "lint": ["-m", "ruff", "check", "."],
    "format": ["-m", "ruff", "format", "--check", "."],
    "types": ["-m", "mypy"],
    "import law": ["-c", "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())"],
}


@pytest.mark.parametrize("name", CHECKS)
def test_the_house_is_in_order(name: str, repository: Path):
    finished = subprocess.run(
        [sys.executable, *CHECKS[name]], cwd=repository, capture_output=True, text=True, timeout=300, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_the_import_law_notices_a_room_that_imports_from_above(repository: Path, tmp_path: Path):
    source = tmp_path / "tfsiamese"
    for path in (repository / "tfsiamese").rglob("*.py"):
        copy = source / path.relative_to(repository / "tfsiamese")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "setup.cfg").write_text((repository / "setup.cfg").read_text(encoding="utf-8"), encoding="utf-8")
    with (source / "losses" / "loss.py").open("a", encoding="utf-8") as file:
        file.write("\nimport tfsiamese.training\n")
    command = "import sys; sys.path.insert(0, ''); " + CHECKS["import law"][1]
    finished = subprocess.run(
        [sys.executable, "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert finished.returncode == 1
    assert "tfsiamese.losses is not allowed to import tfsiamese.training" in finished.stdout


def test_the_top_level_holds_what_it_should_and_nothing_else(repository: Path):
    tracked = subprocess.run(["git", "ls-files"], cwd=repository, capture_output=True, text=True, check=False)
    if tracked.returncode != 0:
        pytest.skip("not a git checkout: the files of the project cannot be told from others")
    names = {line.split("/")[0] for line in tracked.stdout.splitlines() if not line.startswith((".", '"'))}
    expected = {"LICENSE", "README.md", "data", "pyproject.toml", "scripts", "setup.cfg", "tests", "tfsiamese"}
    assert names == expected


def test_no_library_code_prints(repository: Path):
    for path in (repository / "tfsiamese").rglob("*.py"):
        if "cli" not in path.parts:
            assert not re.search(r"\bprint\(", path.read_text(encoding="utf-8")), path
