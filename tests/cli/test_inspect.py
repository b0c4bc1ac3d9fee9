import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.conftest import write_tiny_encoder
from tfsiamese.cli.model_page import model_page
from tfsiamese.servables import (
    METADATA_FILE,
    BatchingParameters,
    ModelConfig,
    WarmupRequest,
    write_batching_parameters,
    write_metadata,
    write_model_config,
    write_warmup_requests,
)

METADATA = {
    "name": "jobs",
    "created": "2026-11-21T10:00:00Z",
    "base": {"source": "use-multilingual", "fingerprint": "abc", "licence": "Apache-2.0"},
    "encoder": {
        "source": "runs/jobs",
        "dimension": 8,
        "precision": "int8",
        "prompts": {"query": "query: "},
        "max_length": None,
        "head": "angular",
    },
    "data": None,
    "metrics": {
        "training": {"before": {"sts/pearson_cosine": 0.8}, "after": {"sts/pearson_cosine": 0.85}},
        "export": {
            "name": "pearson_cosine",
            "float32": 0.8343,
            "exported": 0.8341,
            "loss": 0.0002,
            "tolerance": 0.002,
            "evaluator": {},
        },
        "vectors": {"texts": 100, "mean_cosine": 0.9999, "min_cosine": 0.9991},
    },
    "corpus": {"texts": 3000, "top_k": 10, "fingerprint": "def"},
    "versions": {"tfsiamese": "0.1.0", "tensorflow": "2.21.0"},
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the versions 1 and 2 of the model `jobs`. Not to be changed."""
    base = tmp_path_factory.mktemp("models") / "jobs"
    folder = write_tiny_encoder(base / "1")
    write_metadata(folder, METADATA)
    requests = [WarmupRequest("serving_default", {"texts": ["a"] * size}) for size in (1, 4)]
    requests += [WarmupRequest("similarity", {"left": ["a"] * size, "right": ["b"] * size}) for size in (1, 4)]
    write_warmup_requests(folder, "jobs", requests)
    shutil.copytree(folder, base / "2")
    write_model_config(base, ModelConfig("jobs", "/models/jobs", (2,), {"stable": 2}))
    write_batching_parameters(base, BatchingParameters())
    return base


@pytest.fixture
def damaged(model: Path, tmp_path: Path) -> Path:
    """A copy whose newest version has damaged metadata and no variables."""
    copy = Path(shutil.copytree(model, tmp_path / "jobs"))
    (copy / "2" / METADATA_FILE).write_text("{", encoding="utf-8")
    (copy / "2" / "variables" / "variables.data-00000-of-00001").unlink()
    return copy


def test_the_page_names_what_a_person_asks_for(command: Command, model: Path):
    result = command("inspect", model)
    assert (result.status, result.err) == (0, "")
    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    assert lines[0] == "jobs"
    assert len(lines) <= 40
    for expected in (
        f"folder {model / '2'}",
        "version 2 of 1 (not served), 2 (stable)",
        "base use-multilingual, licence Apache-2.0",
        "encoder runs/jobs, 8 dimensions, int8, angular head",
        "prompts query: 'query: '",
        "corpus 3000 texts, top 10",
        "pearson_cosine 0.8341, in float32 0.8343: loss 0.0002 of at most 0.002",
        "cosine with float32 over 100 texts: mean 0.9999, least 0.9991",
        "sts/pearson_cosine 0.8000 before training, 0.8500 after",
        "serving_default texts string [batch] -> embeddings float32 [batch, 8]",
        "similarity left, right string [batch] -> angular, cosine, score float32 [batch]",
        "warm-up 4 records",
        "batches of 1, 4: serving_default, similarity",
        "batches of up to 64 rows, waiting 2 ms",
        "checks TensorFlow Serving has every op",
        "problems none",
    ):
        assert any(expected in line for line in lines), expected


def test_titles_stand_in_one_column(command: Command, model: Path):
    lines = command("inspect", model).out.splitlines()[1:]
    column = next(line for line in lines if line.startswith("  folder")).index(str(model))
    assert all(line[column - 1] == " " and line[column] != " " for line in lines)


def test_json_is_all_of_standard_output(command: Command, model: Path):
    result = command("inspect", model / "1", "--json")
    assert result.status == 0
    found = json.loads(result.out)
    assert found["version"] == 1
    assert found["metadata"]["encoder"]["precision"] == "int8"
    assert "checked" not in found


def test_problems_are_on_the_page_and_end_with_status_1(command: Command, damaged: Path):
    result = command("inspect", damaged)
    assert result.error == f"{damaged / '2'} has 2 problems; they are named above."
    assert f"{damaged / '2' / METADATA_FILE} cannot be read as JSON" in result.out
    assert "is incomplete" in result.out
    assert "serving_default" in result.out


def test_problems_are_in_the_json_too(command: Command, damaged: Path):
    result = command("inspect", damaged, "--json")
    assert result.status == 1
    assert len(json.loads(result.out)["problems"]) == 2


def test_a_check_runs_each_signature(command: Command, model: Path):
    result = command("inspect", model, "--check", "--json")
    assert result.status == 0, result.err
    found = json.loads(result.out)
    assert [checked["name"] for checked in found["checked"]] == ["embed", "serving_default", "similarity"]
    assert "similarity ran in a fresh process" in model_page(found)


def test_a_check_that_fails_is_a_problem(command: Command, damaged: Path):
    result = command("inspect", damaged, "--check")
    assert result.error == f"{damaged / '2'} has 3 problems; they are named above."
    assert "in a fresh process it does not load: " in result.out


def test_a_folder_without_a_model_is_one_line(command: Command, tmp_path: Path):
    result = command("inspect", tmp_path)
    assert f"{tmp_path} holds no SavedModel" in result.error
    assert result.out == ""


@pytest.mark.parametrize("metadata", [None, {}, {"base": "text", "metrics": [], "encoder": {"prompts": 3}}])
def test_metadata_that_is_absent_or_odd_still_makes_a_page(command: Command, model: Path, metadata: object):
    found = json.loads(command("inspect", model, "--json").out)
    page = model_page(found | {"metadata": metadata})
    assert page.splitlines()[0] == "jobs"
    assert ("metadata" in page) == (metadata is None)


@pytest.mark.parametrize(
    ("size", "shown"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (80_200_000, "80.2 MB"), (270_000_000, "270 MB")],
)
def test_sizes_have_three_digits(command: Command, model: Path, size: int, shown: str):
    found = json.loads(command("inspect", model, "--json").out)
    page = model_page(found | {"sizes": {"graph": 1, "total": size}})
    assert f"{shown}: graph 1 bytes" in page


def test_help_names_the_options(command: Command):
    result = command("inspect", "--help")
    assert (result.status, result.err) == (0, "")
    assert [option for option in ("DIR", "--json", "--check") if option not in result.out] == []
