import json
from pathlib import Path

import pytest

from tests.encoders.checkpoint.frozen import shared
from tests.training.examples import triplets
from tests.training.test_fit import MeanSimilarity
from tfsiamese import fit
from tfsiamese.encoders import load_encoder
from tfsiamese.export import ExportSettings, export_saved_model
from tfsiamese.export.provenance import provenance_of, run_folder_of
from tfsiamese.installed import installed_versions
from tfsiamese.pairs import read_pairs
from tfsiamese.servables import read_metadata
from tfsiamese.siamese import Siamese
from tfsiamese.training import Stage, fit_stages

PLAIN = ExportSettings(warmup_texts=[])


@pytest.fixture(scope="module")
def runs(tiny_folder, tiny_pairs, tmp_path_factory) -> dict[str, Path]:
    """A run, and one of two stages, on data that was read from a file. Not to be changed."""
    base = tmp_path_factory.mktemp("runs")
    source = base / "data" / "pairs.csv"
    source.parent.mkdir()
    tiny_pairs.frame[["left", "right", "score"]].to_csv(source, index=False)
    pairs = read_pairs(source)
    once = {"epochs": 1, "batch_size": 16}
    fit(Siamese(load_encoder(tiny_folder)), pairs, evaluator=MeanSimilarity(), out=base / "run", **once)
    stages = [Stage("noisy", triplets(), settings=once), Stage("clean", pairs, validation=pairs, settings=once)]
    fit_stages(Siamese(load_encoder(tiny_folder)), stages, out=base / "stages-run")
    return {"run": base / "run", "stages": base / "stages-run"}


class TestRuns:
    def test_the_base_is_the_encoder_before_training(self, runs, tiny_folder):
        found = provenance_of(load_encoder(runs["run"]))["base"]
        assert found == {"source": "tiny", "fingerprint": load_encoder(tiny_folder).fingerprint, "licence": None}

    def test_data_and_metrics_are_those_of_the_run(self, runs):
        found = provenance_of(load_encoder(runs["run"]))
        config = json.loads((runs["run"] / "config.json").read_text(encoding="utf-8"))
        metrics = json.loads((runs["run"] / "metrics.json").read_text(encoding="utf-8"))
        (name,) = found["data"]
        assert found["data"][name]["fingerprint"] == config["data"][name]["fingerprint"]
        assert found["data"][name]["source"] == "pairs.csv"
        assert found["metrics"] == {"before": metrics["before"], "after": metrics["after"]}
        assert "similarity" in found["metrics"]["before"]

    @pytest.mark.parametrize("inner", ["", "encoder", "encoder/1"])
    def test_a_run_is_known_by_each_folder_in_it(self, runs, inner):
        encoder = load_encoder(runs["run"] / inner)
        assert run_folder_of(encoder) == runs["run"]
        assert provenance_of(encoder) == provenance_of(load_encoder(runs["run"]))

    def test_a_run_of_stages_has_the_data_of_each(self, runs, tiny_folder):
        found = provenance_of(load_encoder(runs["stages"]))
        assert list(found["data"]) == ["noisy", "clean"]
        assert found["data"]["clean"]["training"]["source"] == "pairs.csv"
        assert found["data"]["noisy"]["training"]["source"] == "triplets"
        assert found["base"]["fingerprint"] == load_encoder(tiny_folder).fingerprint
        assert set(found["metrics"]) == {"before", "after"}

    @pytest.mark.parametrize("name", ["run", "stages"])
    def test_no_folder_of_this_machine_is_told(self, runs, tiny_folder, name):
        text = json.dumps(provenance_of(load_encoder(runs[name])))
        for folder in (runs[name], runs[name].parent, tiny_folder.parent, tiny_folder, Path.cwd(), Path.home()):
            assert str(folder) not in text
        assert str(runs[name].parent) in (runs[name] / "config.json").read_text(encoding="utf-8")

    def test_a_run_whose_files_are_damaged_tells_nothing_and_stops_nothing(self, tiny_folder, tmp_path):
        encoder = load_encoder(tiny_folder)
        encoder.source = str(tmp_path)
        (tmp_path / "encoder").mkdir()
        for name, content in (("config.json", "[1]"), ("metrics.json", "{")):
            (tmp_path / name).write_text(content)
        assert run_folder_of(encoder) == tmp_path
        assert provenance_of(encoder)["metrics"] is None


class TestExports:
    def test_an_export_of_an_export_tells_of_the_run(self, runs, tmp_path):
        first = load_encoder(runs["run"])
        expected, folder = provenance_of(first), export_saved_model(first, tmp_path / "one", settings=PLAIN)
        metadata = read_metadata(folder)
        assert metadata["metrics"]["training"] == expected["metrics"]
        assert provenance_of(load_encoder(folder)) == expected
        settings = ExportSettings(precision="int8", warmup_texts=[])
        small = export_saved_model(load_encoder(tmp_path / "one"), tmp_path / "two", settings=settings)
        again = export_saved_model(load_encoder(small), tmp_path / "three", settings=PLAIN)
        for exported in (small, again):
            assert provenance_of(load_encoder(exported)) == expected
            text = (exported / "assets.extra" / "tfsiamese.json").read_text(encoding="utf-8")
            assert str(tmp_path) not in text
            assert str(runs["run"].parent) not in text

    def test_an_encoder_of_no_run_is_its_own_base(self, tiny_encoder, tmp_path):
        found = provenance_of(tiny_encoder)
        base = {"source": "tiny", "fingerprint": tiny_encoder.fingerprint, "licence": None}
        assert found == {"base": base, "data": None, "metrics": None}
        assert run_folder_of(tiny_encoder) is None
        folder = export_saved_model(tiny_encoder, tmp_path / "jobs", settings=PLAIN)
        assert provenance_of(load_encoder(folder)) == found

    def test_the_versions_of_packages_are_told(self):
        found = installed_versions()
        assert {"tfsiamese", "tensorflow", "tensorflow-text", "keras", "numpy"} == set(found)
        assert all(found.values())


class TestLicences:
    @pytest.mark.parametrize(
        ("card", "licence"),
        [
            ("---\nlicense: mit\n---\n# A model", "mit"),
            ("---\nlanguage: en\nlicence: apache-2.0\ntags:\n- a\n---\n", "apache-2.0"),
            ('---\r\nlicense: "cc-by-4.0"\r\n---\r\n', "cc-by-4.0"),
            ("---\nlicense: 'mit'\t\n---", "mit"),
            ("# A model\nlicense: mit\n", None),
            ("---\nlanguage: en\n---\nlicense: mit\n---\n", None),
            ("---\nmodel:\n  license: mit\n---\n", None),
            ("---\nlicense: mit\n", None),
            ("", None),
        ],
    )
    def test_a_checkpoint_has_that_of_the_head_of_its_card(self, monkeypatch, card, licence):
        encoder = shared("bert")
        monkeypatch.setitem(encoder.kept_files, "README.md", card.encode())
        assert provenance_of(encoder)["base"] == {
            "source": "bert",
            "fingerprint": encoder.fingerprint,
            "licence": licence,
        }

    def test_a_saved_model_has_that_of_the_card_beside_it(self, tiny_encoder, tmp_path):
        (tmp_path / "README.md").write_bytes(b"---\nlicense: bsd\n---\n\xff")
        tiny_encoder.source = str(tmp_path)
        assert provenance_of(tiny_encoder)["base"]["licence"] == "bsd"

    def test_the_built_in_encoder_has_its_own(self, tiny_encoder):
        tiny_encoder.source = "use-multilingual"
        base = provenance_of(tiny_encoder)["base"]
        assert (base["source"], base["licence"]) == ("use-multilingual", "Apache-2.0")

    def test_an_address_is_told_as_it_is(self, tiny_encoder):
        tiny_encoder.source = "https://tfhub.dev/google/universal-sentence-encoder/4"
        assert provenance_of(tiny_encoder)["base"]["source"] == tiny_encoder.source


@pytest.mark.parametrize("line", ["license: mit", "licence: 'mit'", "license: mit # as the base", "license:mit  "])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_licence_is_read_from_a_model_card_however_it_is_written(monkeypatch, line, start):
    encoder = shared("bert_plain")
    card = f"{start}---\ntags: [a]\n{line}\n---\n# A card\n"
    monkeypatch.setitem(encoder.kept_files, "README.md", card.encode())
    assert provenance_of(encoder)["base"]["licence"] == "mit"
