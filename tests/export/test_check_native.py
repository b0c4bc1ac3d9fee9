import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from tests.export.served_models import encode_lengths, save_signatures, write_search_model

needs_compiler = pytest.mark.skipif(
    not shutil.which("gcc") or not sys.platform.startswith("linux"), reason="needs gcc on Linux"
)


def _check(repository: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(repository / "scripts" / "check_native.sh"), *map(str, arguments)]
    settings = os.environ | {"PYTHON": sys.executable} | environment
    return subprocess.run(command, env=settings, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def search_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_search_model(tmp_path_factory.mktemp("models") / "1")


@needs_compiler
def test_vectors_scores_and_strings_are_those_of_python(repository: Path, search_model: Path, tmp_path: Path):
    texts = tmp_path / "texts.txt"
    texts.write_text(
        "data scientist\n\nKrankenschwester in Zürich\n機械学習\n" + "word " * 500 + "\n", encoding="utf-8"
    )
    finished = _check(repository, search_model, texts)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    rows = [line.split() for line in finished.stdout.splitlines()]
    checked = {(row[1], row[2], " ".join(row[3:5])) for row in rows if row[0] == "ok" and "]" in " ".join(row[3:5])}
    assert ("serving_default", "embeddings", "[5, 3]") in checked
    assert ("serving_default", "embeddings", "[1, 3]") in checked
    assert {("top_k", name, "[5, 3]") for name in ("ids", "texts", "scores")} <= checked
    assert "similarity" in finished.stdout
    assert "other strings" in finished.stdout
    assert "smallest cosine 1.0000000" in finished.stdout
    assert "peak memory" in finished.stdout
    assert finished.stdout.splitlines()[-1] == "passed: 6 runs are within 1e-5 of Python's"
    assert finished.stderr == ""


def _of_this_moment() -> tf.Tensor:
    """A number that differs between two processes, whatever seed the graph was made with."""
    return tf.cast(tf.math.floormod(tf.timestamp() * 1000, 1e6), tf.int64)


@needs_compiler
def test_other_numbers_and_strings_than_pythons_fail(repository: Path, tmp_path: Path):
    def moving(texts: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"embeddings": encode_lengths(texts) + tf.cast(_of_this_moment(), tf.float32)}

    def infinite(texts: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"embeddings": encode_lengths(texts) * float("nan")}

    def top_k(queries: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"ids": tf.fill([tf.size(queries), 2], tf.strings.as_string(_of_this_moment()))}

    folder = save_signatures(tmp_path / "1", serving_default=moving, embed=infinite, top_k=top_k)
    finished = _check(repository, folder)
    assert finished.returncode == 1
    failed = [line.split() for line in finished.stdout.splitlines() if line.startswith("FAILED")]
    assert sorted(row[1] for row in failed) == [
        "embed",
        "embed",
        "serving_default",
        "serving_default",
        "top_k",
        "top_k",
    ]
    assert "largest difference inf" in finished.stdout
    assert "20 other strings" in finished.stdout
    assert "6 outputs are not within 1e-5 of Python's" in finished.stderr
    assert "passed" not in finished.stdout


@needs_compiler
def test_a_model_without_the_default_signature_is_one_line(repository: Path, tmp_path: Path):
    def embed(texts: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"embeddings": encode_lengths(texts)}

    finished = _check(repository, save_signatures(tmp_path / "1", embed=embed))
    assert finished.returncode == 1
    assert "has no signature serving_default" in finished.stderr
    assert "usable are ['embed']" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_folder_without_a_model_is_one_line(repository: Path, tmp_path: Path):
    finished = _check(repository, tmp_path)
    assert finished.returncode == 1
    assert finished.stderr == (
        f"check_native: there is no SavedModel in {tmp_path}: expected a version, such as models/jobs/1\n"
    )


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ({"CC": "no-such-compiler"}, "there is no C compiler 'no-such-compiler'"),
        ({"PYTHON": "no-such-python"}, "there is no Python 'no-such-python'"),
    ],
)
def test_what_is_missing_is_named(repository: Path, search_model: Path, variable: dict[str, str], message: str):
    finished = _check(repository, search_model, **variable)
    assert finished.returncode == 1
    assert len(finished.stderr.splitlines()) == 1
    assert message in finished.stderr


@needs_compiler
def test_a_python_without_tensorflow_and_a_wheel_without_its_library_are_named(
    repository: Path, search_model: Path, tmp_path: Path
):
    packages = tmp_path / "packages"
    for name in ("tensorflow", "tensorflow_text"):
        (packages / name).mkdir(parents=True)
        (packages / name / "__init__.py").touch()
    python = tmp_path / "python"
    # -S leaves site-packages out, so that only the folder above is seen, where it is given.
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    finished = _check(repository, search_model, PYTHON=str(python), PYTHONPATH="")
    assert "has no tensorflow: install it" in finished.stderr
    finished = _check(repository, search_model, PYTHON=str(python), PYTHONPATH=str(packages))
    assert finished.returncode == 1
    assert f"{packages / 'tensorflow'} has no libtensorflow_cc.so.2" in finished.stderr


@pytest.mark.parametrize("arguments", [(), ("a", "b", "c")])
def test_wrong_usage_names_the_arguments(repository: Path, arguments: tuple[str, ...]):
    finished = _check(repository, *arguments)
    assert finished.returncode == 1
    assert finished.stderr == "check_native: expected the arguments FOLDER [TEXTS.txt]\n"
