import numpy as np
import pytest

from tests.encoders.checkpoint.frozen import CHECKPOINTS
from tests.encoders.checkpoint.frozen import shared as load_checkpoint
from tests.encoders.saved_models import write_mixed
from tfsiamese import fit
from tfsiamese.encoders import Encoder, load_encoder
from tfsiamese.errors import EncoderError, TrainingError
from tfsiamese.siamese import Siamese


def _trainable(encoder: Encoder) -> set[str]:
    return {variable.name for variable in encoder.trainable_variables}


def _values(encoder: Encoder) -> dict[str, np.ndarray]:
    return {variable.name: variable.numpy() for variable in encoder.variables}


def test_a_pattern_takes_the_variables_of_that_name_out_of_training(tiny_encoder):
    assert tiny_encoder.freeze("embedding_table") == ["embedding_table"]
    assert _trainable(tiny_encoder) == {"dense.kernel", "dense.bias"}
    assert tiny_encoder.frozen_names == ["embedding_table"]


def test_patterns_are_those_of_a_shell_and_can_be_several(tiny_encoder):
    assert sorted(tiny_encoder.freeze(["dense/k*", "*_table"])) == ["dense/kernel", "embedding_table"]
    assert _trainable(tiny_encoder) == {"dense.bias"}


def test_what_is_frozen_adds_up(tiny_encoder):
    tiny_encoder.freeze("dense/bias")
    tiny_encoder.freeze("dense/*")
    assert tiny_encoder.frozen_names == ["dense/bias", "dense/kernel"]


def test_upper_and_lower_case_differ(tiny_encoder):
    with pytest.raises(EncoderError, match="freeze='Dense/\\*' matches no variable"):
        tiny_encoder.freeze("Dense/*")


def test_a_pattern_without_a_match_is_answered_with_the_names(tiny_encoder):
    message = r"freeze='dens/\*' matches no variable of .*tiny\. .* dense/bias, dense/kernel, embedding_table\."
    with pytest.raises(EncoderError, match=message):
        tiny_encoder.freeze("dens/*")


def test_one_pattern_without_a_match_freezes_nothing(tiny_encoder):
    with pytest.raises(EncoderError, match="freeze='no_such'"):
        tiny_encoder.freeze(["dense/*", "no_such"])
    assert _trainable(tiny_encoder) == {"dense.kernel", "dense.bias", "embedding_table"}
    assert tiny_encoder.frozen_names == []


def test_the_loader_freezes(tiny_folder):
    assert _trainable(load_encoder(tiny_folder, freeze="dense/*")) == {"embedding_table"}
    assert _trainable(load_encoder(tiny_folder, freeze=["dense/*", "embedding_table"])) == set()


def test_training_leaves_what_is_frozen_and_changes_the_rest(tiny_folder, tiny_pairs):
    encoder = load_encoder(tiny_folder, freeze=["embedding_table", "dense/bias"])
    before = _values(encoder)
    fit(Siamese(encoder), tiny_pairs, epochs=1, learning_rate=0.01)
    changed = {name for name, value in _values(encoder).items() if not np.array_equal(value, before[name])}
    assert changed == {"dense.kernel"}


def test_names_belong_to_their_variables_where_some_were_never_trainable(tmp_path, tiny_pairs):
    encoder = load_encoder(write_mixed(tmp_path / "mixed"), freeze="b_kernel")
    assert _trainable(encoder) == {"d_kernel"}
    before = _values(encoder)
    fit(Siamese(encoder), tiny_pairs, epochs=1, learning_rate=0.01)
    changed = {name for name, value in _values(encoder).items() if not np.array_equal(value, before[name])}
    assert changed == {"d_kernel"}


def test_an_encoder_that_is_frozen_as_a_whole_cannot_be_trained(tiny_folder, tiny_pairs):
    encoder = load_encoder(tiny_folder, freeze="*")
    with pytest.raises(TrainingError, match=r"Every variable of .*tiny is frozen\. .* narrow the freeze patterns"):
        fit(Siamese(encoder), tiny_pairs, epochs=1)


class TestCheckpoints:
    """Layers are part of the names, and counted."""

    def _frozen(self, **options: object) -> set[str]:
        encoder = load_encoder(CHECKPOINTS / "bert", **options)
        return {name for name, variable in encoder.named_variables if not variable.trainable}

    def test_the_beginning_of_a_name_is_enough(self):
        frozen = self._frozen(freeze="embeddings")
        assert frozen == {f"embeddings/{name}" for name in ("word", "position", "type", "norm/gain", "norm/bias")}

    def test_layers_are_chosen_by_their_number(self):
        names = load_checkpoint("bert").variable_names
        assert self._frozen(freeze="layers/1") == {name for name in names if name.startswith("layers/1/")}
        assert self._frozen(freeze="layers/[0-1]") == {name for name in names if name.startswith("layers/")}
        norms = self._frozen(freeze="layers/*/attention_norm")
        assert norms == {f"layers/{n}/attention_norm/{part}" for n in (0, 1) for part in ("gain", "bias")}

    def test_a_part_of_a_word_is_not_the_beginning_of_a_name(self):
        with pytest.raises(EncoderError, match=r"freeze='embed' matches no variable of .*bert\. .* embeddings/word, "):
            self._frozen(freeze="embed")

    @pytest.mark.parametrize(("number", "prefixes"), [(0, ()), (1, ("layers/0/",)), (2, ("layers/0/", "layers/1/"))])
    def test_the_lower_layers_are_frozen_with_the_embeddings(self, number, prefixes):
        frozen = self._frozen(freeze_layers=number)
        names = load_checkpoint("bert").variable_names
        assert frozen == {name for name in names if name.startswith(("embeddings/", *prefixes))}

    def test_what_comes_after_the_last_layer_stays_trainable(self):
        encoder = load_encoder(CHECKPOINTS / "distilbert", freeze_layers=2)
        assert _trainable(encoder) == {"dense.0.linear.kernel", "dense.0.linear.bias"}

    def test_relative_positions_are_frozen_with_the_embeddings(self):
        encoder = load_encoder(CHECKPOINTS / "mpnet", freeze_layers=0)
        assert "relative_bias/table" in encoder.frozen_names

    def test_layers_and_patterns_add_up(self):
        frozen = self._frozen(freeze="layers/1/attention", freeze_layers=0)
        assert {name.rsplit("/", 1)[0] for name in frozen} == {
            "embeddings",
            "embeddings/norm",
            "layers/1/attention/projection",
            "layers/1/attention/output",
        }

    @pytest.mark.parametrize("number", [3, -1, 1.5, "1"])
    def test_a_number_of_layers_that_there_is_not_is_refused(self, number):
        message = rf"bert has 2 layers\. Expected freeze_layers from 0 to that\. Received: {number!r}\."
        with pytest.raises(EncoderError, match=message):
            self._frozen(freeze_layers=number)

    def test_an_encoder_without_known_layers_says_so(self, tiny_folder):
        with pytest.raises(EncoderError, match=r"has no known layers\. Name its variables in freeze= instead"):
            load_encoder(tiny_folder, freeze_layers=1)

    def test_adapters_of_frozen_layers_are_frozen(self):
        encoder = load_encoder(CHECKPOINTS / "bert", lora=2, freeze_layers=1)
        assert {name.split(".")[1] for name in _trainable(encoder)} == {"1"}
