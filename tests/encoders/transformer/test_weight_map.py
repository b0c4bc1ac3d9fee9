import numpy as np
import pytest

from tfsiamese.encoders.transformer import FAMILIES
from tfsiamese.encoders.transformer.weight_map import Place, WeightMap, dense_places, norm_places
from tfsiamese.errors import EncoderError

TENSORS = {
    "q.weight": np.array([[1.0, 2.0]]),
    "k.weight": np.array([[3.0, 4.0], [5.0, 6.0]]),
    "q.bias": np.array([0.1]),
    "k.bias": np.array([0.2, 0.3]),
    "norm.weight": np.array([7.0, 8.0]),
}


def _map() -> WeightMap:
    return WeightMap([*dense_places("joint", ("q", "k"), (1, 2)), *norm_places("norm", "norm", bias=False)])


def test_tensors_are_transposed_and_put_side_by_side():
    weights = _map().read(TENSORS.__getitem__)
    assert {name: array.tolist() for name, array in weights.items()} == {
        "joint/kernel": [[1, 3, 5], [2, 4, 6]],
        "joint/bias": [0.1, 0.2, 0.3],
        "norm/gain": [7, 8],
    }


def test_writing_undoes_reading():
    written = _map().write(_map().read(TENSORS.__getitem__))
    assert written.keys() == TENSORS.keys()
    for name, array in written.items():
        np.testing.assert_array_equal(array, TENSORS[name])
        assert array.flags.c_contiguous, "a view would be stored in the wrong order"


def test_a_table_keeps_its_orientation():
    weights = WeightMap([Place("embeddings/word", ("table",))])
    table = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(weights.read(lambda _: table)["embeddings/word"], table)


def test_absent_tensors_are_named():
    shapes = {"q.weight": (1, 2), "norm.weight": (2,)}
    with pytest.raises(EncoderError, match=r"^here lacks the tensors k\.weight, q\.bias, k\.bias that its config"):
        _map().check(shapes, "here")


def test_many_absent_tensors_are_counted():
    with pytest.raises(EncoderError, match=r"lacks the tensors q\.weight, k\.weight, q\.bias and 2 more that"):
        _map().check({}, "here")


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_no_weight_and_no_tensor_of_a_family_stands_twice(name):
    family = FAMILIES[name]
    weight_map = family.map_weights(family.configure(family.defaults | {"model_type": name}))
    weights = [place.weight for place in weight_map.places]
    assert len(weights) == len(set(weights)) > 50
    assert len(weight_map.tensors) == len(set(weight_map.tensors))
