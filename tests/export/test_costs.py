import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import TinyNetwork, write_tiny_encoder
from tfsiamese.encoders import Encoder, SavedModelEncoder, load_encoder
from tfsiamese.encoders.reusable import ReusableParts, write_reusable_saved_model
from tfsiamese.errors import ExportError
from tfsiamese.export import ExportSettings, export_saved_model
from tfsiamese.export.costs import measure_costs
from tfsiamese.servables import read_metadata

TEXTS = ["red apple", "nurse", "", "data code road"]


class Measured:
    """An evaluator that finds one number for the encoder it knows and another for what was exported of it."""

    primary_metric = "quality"

    def __init__(self, encoder: Encoder, before: float, after: float, greater_is_better: bool = True):
        self.greater_is_better = greater_is_better
        self._encoder, self._before, self._after = encoder, before, after
        self.exported: list[Encoder] = []

    def __call__(self, encoder: Encoder) -> dict[str, float]:
        if encoder is self._encoder:
            return {"other": 0.0, "quality": self._before}
        self.exported.append(encoder)
        return {"quality": self._after, "other": 1.0}


@pytest.fixture(scope="module")
def other_folder(tmp_path_factory):
    """Another encoder, in place of an export."""
    return write_tiny_encoder(tmp_path_factory.mktemp("costs") / "other", seed=1)


def _measure(encoder, folder, evaluator=None, texts=TEXTS, **options):
    options = {"precision": "int8"} | options
    return measure_costs(encoder, folder, ExportSettings(evaluator=evaluator, **options), texts)


class TestMetrics:
    @pytest.mark.parametrize(
        ("before", "after", "greater_is_better", "loss"),
        [(0.8, 0.795, True, 0.005), (0.8, 0.9, True, -0.1), (0.5, 0.505, False, 0.005), (0.5, 0.1, False, -0.4)],
    )
    def test_the_loss_is_told_in_the_direction_of_the_metric(
        self, tiny_encoder, tiny_folder, before, after, greater_is_better, loss
    ):
        evaluator = Measured(tiny_encoder, before, after, greater_is_better)
        found = _measure(tiny_encoder, tiny_folder, evaluator)["export"]
        assert {key: found[key] for key in ("name", "float32", "exported", "tolerance")} == {
            "name": "quality",
            "float32": before,
            "exported": after,
            "tolerance": 0.01,
        }
        assert found["loss"] == pytest.approx(loss)
        (exported,) = evaluator.exported
        assert isinstance(exported, SavedModelEncoder)
        assert exported.folder == tiny_folder

    def test_a_loss_as_large_as_the_tolerance_passes(self, tiny_encoder, tiny_folder):
        assert _measure(tiny_encoder, tiny_folder, Measured(tiny_encoder, 0.75, 0.5), tolerance=0.25)["export"]
        assert _measure(tiny_encoder, tiny_folder, Measured(tiny_encoder, 0.5, 0.5), tolerance=0)["export"]

    @pytest.mark.parametrize(
        ("options", "made"),
        [
            ({}, "precision int8"),
            ({"dimension": 4}, "precision int8 and dimension 4"),
            ({"precision": "float32", "dimension": 4}, "dimension 4"),
        ],
    )
    def test_a_larger_loss_is_an_error_that_names_what_was_chosen(self, tiny_encoder, tiny_folder, options, made):
        message = (
            rf"quality goes from 0\.8000 to 0\.7000 with {made}, a loss of 0\.1000\. Expected at most 0\.01\. "
            r"Choose a higher precision or dimension.*Nothing was exported\."
        )
        with pytest.raises(ExportError, match=message):
            _measure(tiny_encoder, tiny_folder, Measured(tiny_encoder, 0.8, 0.7), **options)

    def test_a_metric_of_which_less_is_better_may_not_rise(self, tiny_encoder, tiny_folder):
        with pytest.raises(ExportError, match=r"goes from 0\.1000 to 0\.2000 .* a loss of 0\.1000"):
            _measure(tiny_encoder, tiny_folder, Measured(tiny_encoder, 0.1, 0.2, greater_is_better=False))

    @pytest.mark.parametrize(("before", "after"), [(0.8, np.nan), (np.nan, 0.8), (np.nan, np.nan), (np.inf, 0.8)])
    def test_a_loss_that_is_no_number_is_an_error(self, tiny_encoder, tiny_folder, before, after):
        with pytest.raises(ExportError, match="Nothing was exported"):
            _measure(tiny_encoder, tiny_folder, Measured(tiny_encoder, before, after), tolerance=9)

    def test_without_an_evaluator_nothing_is_told_of_a_metric(self, tiny_encoder, tiny_folder):
        assert _measure(tiny_encoder, tiny_folder)["export"] is None

    @pytest.mark.parametrize("tolerance", [-0.1, np.nan, "0.1", None])
    def test_a_tolerance_is_a_number_from_0_up(self, tolerance):
        with pytest.raises(ExportError, match="Expected the tolerance to be a number from 0 up"):
            ExportSettings(tolerance=tolerance)


class TestVectors:
    def test_equal_vectors_have_cosine_1(self, tiny_encoder, tiny_folder):
        assert _measure(tiny_encoder, tiny_folder)["vectors"] == {"texts": 4, "mean_cosine": 1.0, "min_cosine": 1.0}

    def test_mean_and_least_cosine_are_those_of_numpy(self, tiny_encoder, other_folder):
        before, after = tiny_encoder.encode(TEXTS), load_encoder(other_folder).encode(TEXTS)
        cosines = np.sum(before * after, axis=1) / np.linalg.norm(before, axis=1) / np.linalg.norm(after, axis=1)
        found = _measure(tiny_encoder, other_folder)["vectors"]
        assert found["mean_cosine"] == pytest.approx(cosines.mean(), abs=2e-6)
        assert found["min_cosine"] == pytest.approx(cosines.min(), abs=2e-6)
        assert found["min_cosine"] < 0.9

    def test_one_text_stands_in_where_there_are_none(self, tiny_encoder, tiny_folder):
        assert _measure(tiny_encoder, tiny_folder, texts=[])["vectors"]["texts"] == 1

    def test_vectors_that_are_not_finite_are_an_error(self, tiny_encoder, tmp_path):
        network = TinyNetwork()
        network.bias.assign(tf.fill([8], np.nan))
        parts = ReusableParts(network, network.__call__, network.variables, network.variables)
        write_reusable_saved_model(tmp_path / "nan", parts)
        with pytest.raises(ExportError, match="vectors that are not finite"):
            _measure(tiny_encoder, tmp_path / "nan")


class TestExport:
    def test_above_the_tolerance_nothing_is_exported(self, tiny_encoder, tmp_path):
        settings = ExportSettings(precision="int8", evaluator=Measured(tiny_encoder, 0.8, 0.7), warmup_texts=[])
        with pytest.raises(ExportError, match="Nothing was exported"):
            export_saved_model(tiny_encoder, tmp_path / "jobs", settings=settings)
        left = list((tmp_path / "jobs").iterdir()) if (tmp_path / "jobs").exists() else []
        assert left == []

    def test_what_it_cost_stands_in_the_metadata(self, tiny_encoder, tmp_path):
        evaluator = Measured(tiny_encoder, 0.8, 0.7)
        settings = ExportSettings(dimension=4, precision="int8", evaluator=evaluator, tolerance=0.5, warmup_texts=[])
        metrics = read_metadata(export_saved_model(tiny_encoder, tmp_path / "jobs", settings=settings))["metrics"]
        assert metrics["export"]["loss"] == pytest.approx(0.1)
        assert metrics["vectors"]["min_cosine"] > 0.999
        assert evaluator.exported[0].dimension == 4

    def test_an_evaluator_does_not_run_where_nothing_is_made_smaller(self, tiny_encoder, tmp_path):
        evaluator = Measured(tiny_encoder, 0.8, 0.0)
        settings = ExportSettings(evaluator=evaluator, warmup_texts=[])
        metadata = read_metadata(export_saved_model(tiny_encoder, tmp_path / "jobs", settings=settings))
        assert evaluator.exported == []
        assert metadata["metrics"]["export"] is None
