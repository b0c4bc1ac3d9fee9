from pathlib import Path

import pytest

from tfsiamese.errors import ExportError, ServingError
from tfsiamese.serving.model_source import ModelSource


def make_versions(base: Path, *names: str) -> Path:
    for name in names:
        (base / name).mkdir(parents=True)
        (base / name / "saved_model.pb").touch()
    return base


def test_of_the_versions_in_a_folder_the_newest_is_served_under_the_folders_name(tmp_path: Path):
    base = make_versions(tmp_path / "jobs", "1", "00012", "2")
    source = ModelSource.find(base)
    assert source.name == "jobs"
    assert source.aspired().folders == {12: base / "00012"}


def test_the_folder_of_one_version_is_served_alone(tmp_path: Path):
    base = make_versions(tmp_path / "jobs", "1", "2")
    source = ModelSource.find(base / "1")
    assert source.name == "jobs"
    assert source.aspired().folders == {1: base / "1"}


def test_the_folder_of_version_0_is_version_0(tmp_path: Path):
    base = make_versions(tmp_path / "jobs", "0")
    assert ModelSource.find(base / "0").aspired().folders == {0: base / "0"}
    assert ModelSource.find(base).aspired().folders == {0: base / "0"}


def test_a_saved_model_without_a_number_is_version_1(tmp_path: Path):
    base = make_versions(tmp_path, "tiny") / "tiny"
    source = ModelSource.find(base)
    assert (source.name, dict(source.aspired().folders)) == ("tiny", {1: base})


def test_the_encoder_of_a_run_is_served_under_the_runs_name(tmp_path: Path):
    run = tmp_path / "first-run"
    make_versions(run / "encoder", "1")
    source = ModelSource.find(run)
    assert (source.name, dict(source.aspired().folders)) == ("first-run", {1: run / "encoder" / "1"})


def test_the_name_is_the_given_one_else_that_of_the_config(tmp_path: Path):
    base = make_versions(tmp_path / "jobs", "1")
    content = 'model_config_list { config { name: "titles" base_path: "/models/jobs" } }'
    (base / "models.config").write_text(content, encoding="utf-8")
    assert ModelSource.find(base).name == "titles"
    assert ModelSource.find(base, "mine").name == "mine"


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_a_folder_without_versions_is_an_error_that_says_what_to_do(tmp_path: Path, name: str):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ServingError, match="holds no version of a model.*tfsiamese export"):
        ModelSource.find(tmp_path / name)


def test_a_damaged_config_is_an_error_at_the_start(tmp_path: Path):
    base = make_versions(tmp_path / "jobs", "1")
    (base / "models.config").write_text("{", encoding="utf-8")
    with pytest.raises(ExportError, match=r"models\.config"):
        ModelSource.find(base)
