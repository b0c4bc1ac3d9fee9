import numpy as np
import pytest

from tfsiamese.serving.json_tensors import dense_tensor
from tfsiamese.serving.rest_errors import RestError


def nested(depth: int) -> object:
    value: object = "a"
    for _ in range(depth):
        value = [value]
    return value


def test_nested_lists_become_one_tensor():
    tensor = dense_tensor([[[1, 2], [3, 4], [5, 6]]], "int32")
    assert tensor.dtype == np.int32
    np.testing.assert_array_equal(tensor, [[[1, 2], [3, 4], [5, 6]]])


def test_texts_and_base64_objects_become_bytes():
    tensor = dense_tensor(["foo", {"b64": "aGVsbG8="}, "é\x00", {"b64": "/w"}], "string")
    assert tensor.tolist() == [b"foo", b"hello", "é\x00".encode(), b"\xff"]


def test_a_scalar_has_no_dimension():
    assert dense_tensor({"b64": "aGVsbG8="}, "string").shape == ()
    assert dense_tensor(True, "bool").shape == ()


def test_empty_lists_count_as_dimensions():
    assert dense_tensor([], "string").shape == (0,)
    assert dense_tensor([[], []], "float32").shape == (2, 0)


def test_whole_numbers_and_special_ones_may_be_floats():
    tensor = dense_tensor([1, 2.5, float("nan"), float("-inf")], "float32")
    np.testing.assert_array_equal(tensor, np.array([1, 2.5, np.nan, -np.inf], np.float32))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([["a"], ["b", "c"]], "Encountered list at unexpected size: 2 at level: 1 expected size: 1"),
        (["a", ["b"]], "Encountered list at unexpected level: 1 expected < 1"),
        ([["a"], "b"], 'JSON Value: "b" found at incorrect level: 2 in the JSON DOM. Expected at level: 2'),
        (["a", 1], "JSON Value: 1 Type: Number is not of expected type: string"),
        ([None], "JSON Value: null Type: Null is not of expected type: string"),
        ([True], "JSON Value: true Type: True is not of expected type: string"),
        ([{"b64": 5}], "not formatted correctly for base64 data"),
        ([{"b64": "YQ==", "more": 1}], "not formatted correctly for base64 data"),
        ([{"b64": "@@@@"}], "Unable to base64 decode"),
        ([{"b64": "é"}], "Unable to base64 decode"),
        ([{"b64": "a"}], "Unable to base64 decode"),
    ],
)
def test_wrong_strings_are_named_as_tensorflow_serving_names_them(value: object, message: str):
    with pytest.raises(RestError) as caught:
        dense_tensor(value, "string")
    assert message in caught.value.message
    assert caught.value.http_status == 400


@pytest.mark.parametrize(
    ("value", "dtype", "message"),
    [
        (["a"], "float32", 'JSON Value: "a" Type: String is not of expected type: float'),
        ([{"b64": "YQ=="}], "float32", "Type: Object is not of expected type: float"),
        ([16777217], "float32", "Cannot convert JSON value: 16777217 to float without loss of precision."),
        ([1.7e308], "float32", "to float without loss of precision."),
        ([9007199254740993], "float64", "to double without loss of precision."),
        ([1.0], "int32", "JSON Value: 1.0 Type: Number is not of expected type: int32"),
        ([True], "int64", "JSON Value: true Type: True is not of expected type: int64"),
        ([2**31], "int32", "is not of expected type: int32"),
        ([-1], "uint64", "is not of expected type: uint64"),
        ([1], "bool", "is not of expected type: bool"),
    ],
)
def test_numbers_that_do_not_fit_their_type_are_refused(value: object, dtype: str, message: str):
    with pytest.raises(RestError) as caught:
        dense_tensor(value, dtype)
    assert message in caught.value.message
    assert caught.value.http_status == 400


def test_31_dimensions_are_a_tensor():
    assert dense_tensor(nested(31), "string").shape == (1,) * 31


@pytest.mark.parametrize("depth", [32, 64, 65, 254, 1000])
def test_more_dimensions_than_any_numpy_can_stack_are_refused(depth: int):
    with pytest.raises(RestError, match="at most 31 deep") as caught:
        dense_tensor(nested(depth), "string")
    assert caught.value.http_status == 400


def test_types_that_json_has_no_form_for_are_not_implemented():
    with pytest.raises(RestError, match="to type: half") as caught:
        dense_tensor([1.0], "float16")
    assert caught.value.http_status == 501
