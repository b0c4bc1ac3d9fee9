import numpy as np
import pytest

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
