import json

import numpy as np
import pytest

from tfsiamese.serving.predict_responses import predict_response
from tfsiamese.serving.rest_errors import RestError

VECTORS = np.array([[0.1, 2], [3, -1e-8]], np.float32)
SCORES = np.array([0.5, 1], np.float32)
TEXTS = np.array([["a", "é"], ["b", ""]], dtype=object)
TEXTS = np.vectorize(str.encode, otypes=[object])(TEXTS)


def test_a_single_output_is_given_without_its_name():
    assert json.loads(predict_response({"embeddings": VECTORS}, by_row=True)) == {
        "predictions": [[0.1, 2.0], [3.0, -1e-8]]
    }
    assert json.loads(predict_response({"score": SCORES}, by_row=False)) == {"outputs": [0.5, 1.0]}


def test_several_outputs_are_objects_by_row_and_one_object_by_column():
    outputs = {"score": SCORES, "texts": TEXTS}
    assert json.loads(predict_response(outputs, by_row=True)) == {
        "predictions": [{"score": 0.5, "texts": ["a", "é"]}, {"score": 1.0, "texts": ["b", ""]}]
    }
    assert json.loads(predict_response(outputs, by_row=False)) == {
        "outputs": {"score": [0.5, 1.0], "texts": [["a", "é"], ["b", ""]]}
    }


def test_decimal_numbers_have_the_fewest_digits_and_always_a_point_or_an_exponent():
    assert predict_response({"x": np.array([0.1, 3, 1 / 3], np.float32)}, False) == b'{"outputs":[0.1,3.0,0.33333334]}'
    assert predict_response({"x": np.array([0.1], np.float64)}, False) == b'{"outputs":[0.1]}'


def test_special_numbers_are_written_as_tokens_and_the_others_stay_short():
    values = np.array([np.nan, np.inf, -np.inf, 0.1], np.float32)
    assert predict_response({"x": values}, True) == b'{"predictions":[NaN,Infinity,-Infinity,0.1]}'
    two = {"x": values[:1], "n": np.array([3])}
    assert predict_response(two, True) == b'{"predictions":[{"n":3,"x":NaN}]}'


def test_outputs_of_bytes_are_base64_by_their_name_or_where_they_are_not_utf8():
    hello = np.array([b"hello"], dtype=object)
    assert json.loads(predict_response({"x_bytes": hello}, True)) == {"predictions": [{"b64": "aGVsbG8="}]}
    broken = np.array([b"\xff", b"a"], dtype=object)
    assert json.loads(predict_response({"x": broken}, True)) == {"predictions": [{"b64": "/w=="}, "a"]}


def test_no_rows_are_an_empty_list():
    assert predict_response({"x": np.zeros([0, 3], np.float32)}, True) == b'{"predictions":[]}'
    two = {"x": np.zeros([0, 3], np.float32), "t": np.empty([0], dtype=object)}
    assert predict_response(two, True) == b'{"predictions":[]}'


def test_arrays_in_any_order_of_memory_and_scalars_are_written():
    assert predict_response({"x": np.asfortranarray([[1, 2], [3, 4]])}, False) == b'{"outputs":[[1,2],[3,4]]}'
    assert predict_response({"x": np.array(2.5)}, False) == b'{"outputs":2.5}'
    assert predict_response({"x": np.array([True, False])}, False) == b'{"outputs":[true,false]}'


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"a": np.zeros(2), "b": np.zeros(3)}, "Tensor name: b has inconsistent batch size: 3 expecting: 2"),
        ({"a": np.zeros([])}, "Tensor name: a has no shape information"),
        ({"a": np.zeros(2, np.complex64)}, "Failed to write JSON value for tensor type: complex64"),
        ({}, "Cannot convert empty tensor map to JSON"),
    ],
)
def test_outputs_that_have_no_json_are_an_error(outputs: dict[str, np.ndarray], message: str):
    with pytest.raises(RestError) as caught:
        predict_response(outputs, by_row=True)
    assert message in caught.value.message
    assert caught.value.http_status == 400
