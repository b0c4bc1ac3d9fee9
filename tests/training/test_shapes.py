"""`fit` on every shape of data, with the losses that take it, and on several data sets."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import write_tiny_encoder
from tests.encoders.saved_models import write_dropout
from tests.training.examples import classes, triplets
from tfsiamese.encoders import load_encoder
from tfsiamese.errors import SettingsError
from tfsiamese.losses import LOSS_NAMES, MatryoshkaLoss, MultipleNegativesRankingLoss, get_loss
from tfsiamese.siamese import Siamese
from tfsiamese.training import fit
from tfsiamese.training.objective import Objective
from tfsiamese.training.tasks import Task, labels_for

FAST = {"epochs": 6, "learning_rate": 0.01, "batch_size": 12}
NEED_TEACHER = ("gist", "embedding-mse")


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    return load_encoder(write_tiny_encoder(tmp_path_factory.mktemp("teacher") / "teacher", seed=3))


def examples_for(name: str, pairs):
    shape = get_loss(name).shapes[0]
    with_scores = name in ("margin-mse", "kl-divergence")
    if shape == "pairs" and with_scores:
        shape = "triplets"
    return {"pairs": pairs, "triplets": triplets(scores=with_scores), "classes": classes()}[shape]


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_every_loss_trains_on_its_shape_and_falls(name, tiny_encoder, tiny_pairs, teacher):
    pairs = tiny_pairs
    if name in ("contrastive", "online-contrastive"):
        pairs = tiny_pairs.take(np.isin(tiny_pairs.scores, (0.0, 1.0)))
    data = examples_for(name, pairs)
    history = fit(
        Siamese(tiny_encoder, "cosine"),
        data,
        validation=data,
        loss=name,
        teacher=teacher if name in NEED_TEACHER else None,
        batching="shuffled" if data.shape != "classes" else "auto",
        warmup=0,
        **FAST,
    )
    values = history.history["val_loss"]
    assert np.isfinite(values).all()
    assert min(values) < history.before["val_loss"]


@pytest.mark.parametrize("name", ["margin-mse", "kl-divergence"])
def test_a_teacher_encoder_stands_in_for_stored_scores(name, tiny_encoder, teacher):
    data = triplets()
    history = fit(Siamese(tiny_encoder), data, validation=data, loss=name, teacher=teacher, **FAST)
    assert history.after["val_loss"] < history.before["val_loss"]


def test_learning_the_vectors_of_a_teacher_brings_them_nearer(tiny_encoder, teacher):
    data = triplets()
    texts = data.texts()
    before = np.square(tiny_encoder.encode(texts) - teacher.encode(texts)).mean()
    fit(Siamese(tiny_encoder), data, loss="embedding-mse", teacher=teacher, **(FAST | {"epochs": 20}))
    assert np.square(tiny_encoder.encode(texts) - teacher.encode(texts)).mean() < 0.8 * before


def test_the_default_loss_follows_the_shape(tiny_folder, tiny_pairs, tmp_path):
    for data, name in ((tiny_pairs, "mse"), (triplets(), "ranking"), (classes(), "batch-hard-soft-margin")):
        fit(Siamese(load_encoder(tiny_folder)), data, epochs=1, out=tmp_path / name)
        config = json.loads((tmp_path / name / "config.json").read_text())
        assert config["data"]["training"]["loss"]["name"] == name
        assert config["settings"]["batch_size"] == (8 if name == "mse" else 128)


def test_the_loss_that_fit_reports_is_that_of_the_embeddings_of_the_batch(tiny_encoder):
    data = triplets(num_rows=10)
    vectors = dict(zip(data.texts(), tiny_encoder.encode(data.texts()), strict=True))

    negatives = tf.ragged.constant(
        [[vectors[text].tolist() for text in row] for row in data.negatives], inner_shape=(8,), dtype=tf.float32
    )
    embeddings = [
        np.array([vectors[text] for text in data.anchors]),
        np.array([vectors[text] for text in data.positives]),
        negatives,
    ]
    expected = float(MultipleNegativesRankingLoss()(None, embeddings))
    history = fit(Siamese(tiny_encoder), data, validation=data, epochs=1, batch_size=64, batching="shuffled")
    assert history.before["val_loss"] == pytest.approx(expected, rel=1e-5)


def test_matryoshka_wraps_a_loss_in_training(tiny_encoder):
    data = triplets()
    plain = get_loss("ranking")
    vectors = fit(Siamese(tiny_encoder), data, validation=data, loss=MatryoshkaLoss(plain, [8, 4, 2]), **FAST)
    assert vectors.after["val_loss"] < vectors.before["val_loss"]


class TestSeveralDataSets:
    def test_each_has_its_loss_and_its_own_line_in_the_history(self, tiny_encoder, tiny_pairs):
        history = fit(
            Siamese(tiny_encoder, "cosine"),
            {"titles": triplets(), "scored": tiny_pairs},
            loss={"scored": "cosent"},
            validation={"scored": tiny_pairs, "titles": triplets()},
            **FAST,
        )
        assert {"loss", "loss/titles", "loss/scored", "val_loss", "val_loss/titles"} <= set(history.history)
        assert history.after["val_loss/scored"] < history.before["val_loss/scored"]
        rows = {"titles": len(triplets()), "scored": len(tiny_pairs)}
        weighted = sum(history.after[f"val_loss/{name}"] * count for name, count in rows.items()) / sum(rows.values())
        assert history.after["val_loss"] == pytest.approx(weighted, rel=1e-5)

    def test_they_can_take_turns(self, tiny_encoder, tiny_pairs):
        history = fit(
            Siamese(tiny_encoder),
            {"titles": triplets(8), "scored": tiny_pairs},
            mixing="in-turn",
            **(FAST | {"batch_size": 8}),
        )
        assert np.isfinite(history.history["loss/titles"]).all()
        assert np.isfinite(history.history["loss/scored"]).all()

    def test_a_name_that_does_not_exist_is_refused(self, tiny_encoder, tiny_pairs):
        with pytest.raises(SettingsError, match="loss names the data set 'title'.*titles, scored"):
            fit(Siamese(tiny_encoder), {"titles": triplets(), "scored": tiny_pairs}, loss={"title": "ranking"})

    def test_validation_has_to_be_named_too(self, tiny_encoder, tiny_pairs):
        with pytest.raises(SettingsError, match="validation must name them"):
            fit(Siamese(tiny_encoder), {"a": triplets(), "b": tiny_pairs}, validation=tiny_pairs)


class TestMismatches:
    def test_a_loss_says_what_it_wants_and_what_it_got(self, tiny_encoder, tiny_pairs):
        with pytest.raises(SettingsError) as error:
            fit(Siamese(tiny_encoder), tiny_pairs, loss="ranking")
        assert "'ranking' wants anchors with positives (anchor, positive" in str(error.value)
        assert "scored pairs (left, right, score) from tiny" in str(error.value)

    def test_a_loss_on_negatives_wants_negatives(self, tiny_encoder):
        with pytest.raises(SettingsError, match=r"'triplet' wants negatives, and triplets has none.*mine"):
            fit(Siamese(tiny_encoder), triplets(negatives=False), loss="triplet")

    @pytest.mark.parametrize("name", ["gist", "embedding-mse", "margin-mse", "kl-divergence"])
    def test_a_loss_on_a_teacher_wants_one(self, name, tiny_encoder):
        with pytest.raises(SettingsError, match=f"'{name}' learns from a teacher"):
            fit(Siamese(tiny_encoder), triplets(), loss=name)

    def test_validation_of_another_shape_is_refused(self, tiny_encoder, tiny_pairs):
        with pytest.raises(SettingsError, match="scored pairs"):
            fit(Siamese(tiny_encoder), triplets(), validation=tiny_pairs)

    def test_validation_without_the_groups_of_training_is_refused(self, tiny_encoder):
        data = triplets(6)
        grouped = type(data).from_frame(data.frame.assign(group=list("xyxzzx")), source="grouped")
        for training, validation in ((grouped, data), (data, grouped)):
            with pytest.raises(SettingsError, match="grouped has groups and triplets has none"):
                fit(Siamese(tiny_encoder), training, validation=validation)

    def test_validation_without_the_scores_of_training_is_refused(self, tiny_encoder, teacher):
        with pytest.raises(SettingsError, match="a teacher's scores"):
            fit(
                *(Siamese(tiny_encoder), triplets(scores=True)),
                validation=triplets(),
                loss="margin-mse",
                teacher=teacher,
            )

    def test_a_teacher_of_another_dimension_is_refused_for_embedding_mse(self, tiny_encoder, tmp_path):
        other = load_encoder(write_dropout(tmp_path / "twelve"))
        assert other.dimension != tiny_encoder.dimension
        with pytest.raises(SettingsError, match="dimension"):
            fit(Siamese(tiny_encoder), triplets(), loss="embedding-mse", teacher=other, out=tmp_path / "run")
        assert not (tmp_path / "run").exists()

    def test_what_is_no_data_set_is_named(self, tiny_encoder):
        with pytest.raises(SettingsError, match="'training' is of type list"):
            fit(Siamese(tiny_encoder), [("a", "b", 1.0)])

    def test_a_batch_without_room_for_two_classes_is_refused(self, tiny_encoder):
        with pytest.raises(SettingsError, match="no room for two classes"):
            fit(Siamese(tiny_encoder), classes(), batch_size=4)

    @pytest.mark.parametrize("loss", ["ranking", "gist"])
    def test_a_batch_of_one_row_gives_a_comparing_loss_nothing(self, tiny_encoder, teacher, loss):
        teachers = {"teacher": teacher} if loss == "gist" else {}
        with pytest.raises(SettingsError, match="every batch of triplets holds one row"):
            fit(Siamese(tiny_encoder), triplets(negatives=False), loss=loss, batch_size=1, **teachers)

    def test_a_single_class_gives_a_comparing_loss_nothing(self, tiny_encoder):
        data = classes()
        with pytest.raises(SettingsError, match="compares classes, and classes holds one"):
            fit(Siamese(tiny_encoder), data.take(data.labels == 0))

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ({"teacher": "use-multilingual"}, "teacher of type Encoder"),
            ({"evaluator": "sts"}, "Expected an evaluator"),
            ({"retention": ["a", "b"]}, "retention of type Retention"),
            ({"optimizer": "adam"}, "keras.optimizers.Optimizer"),
            ({"validation": "pairs.csv"}, "'training' is of type str"),
        ],
    )
    def test_an_argument_of_another_type_is_named(self, tiny_encoder, tiny_pairs, arguments, said):
        with pytest.raises(SettingsError, match=said):
            fit(Siamese(tiny_encoder), tiny_pairs, **arguments)

    def test_a_teacher_that_no_loss_learns_from_is_refused(self, tiny_encoder, tiny_pairs, teacher):
        with pytest.raises(SettingsError, match=r"no loss learns from it \(mse\)"):
            fit(Siamese(tiny_encoder), tiny_pairs, teacher=teacher)

    def test_by_class_batches_want_classes(self, tiny_encoder, tiny_pairs):
        with pytest.raises(SettingsError, match="'by-class' needs texts with classes"):
            fit(Siamese(tiny_encoder), tiny_pairs, batching="by-class")


def test_losses_that_compare_rows_are_validated_in_random_batches_of_the_size_of_training(tiny_encoder, tiny_pairs):
    """In the order of a sorted file every batch would hold equal scores, and CoSENT would be 0."""
    by_score = tiny_pairs.take(np.argsort(tiny_pairs.scores, kind="stable"))
    settings = {"epochs": 1, "batch_size": 8, "learning_rate": 1e-9}
    history = fit(Siamese(tiny_encoder), tiny_pairs, validation=by_score, loss="cosent", **settings)
    assert history.before["val_loss"] > 1.0


def test_numpy_numbers_are_numbers(tiny_encoder, tiny_pairs, tmp_path):
    settings = {"epochs": np.int64(1), "batch_size": np.int64(8), "learning_rate": np.float32(1e-3)}
    fit(Siamese(tiny_encoder), tiny_pairs, out=tmp_path / "run", **settings)
    assert json.loads((tmp_path / "run" / "config.json").read_text())["settings"]["epochs"] == 1


def test_monitoring_nothing_keeps_the_last_epoch(tiny_encoder, tiny_pairs):
    history = fit(Siamese(tiny_encoder), tiny_pairs, validation=tiny_pairs, monitor="none", epochs=3)
    assert history.best_epoch is None
    assert history.after["val_loss"] == history.history["val_loss"][-1]


def test_groups_reach_the_loss():
    data = triplets(6)
    grouped = type(data).from_frame(data.frame.assign(group=["x", "y", "x", "z", "z", "x"]))
    loss = get_loss("ranking")
    assert labels_for(loss, grouped).tolist() == [0, 1, 0, 2, 2, 0]
    assert labels_for(loss, data) is None
    assert Objective(Task("t", grouped, loss)).signature.labels.dtype.name == "int64"
