from typing import Any

import pytest

from tfsiamese.servables.saved_model_file import Signature, TensorInfo
from tfsiamese.serving.predict_requests import read_inputs, signature_name
from tfsiamese.serving.rest_errors import RestError


def signature(**dtypes: str) -> Signature:
    return Signature({name: TensorInfo(name, dtype, None) for name, dtype in dtypes.items()}, {}, "")


ONE = signature(texts="string")
TWO = signature(left="string", right="string")
SHAPED = Signature({"texts": TensorInfo("texts", "string", (None,))}, {}, "")


def read(document: dict[str, Any], of: Signature) -> dict[str, Any]:
    return {name: tensor.tolist() for name, tensor in read_inputs(document, of).inputs.items()}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"instances": ["a", "b"]}, [b"a", b"b"]),
        ({"instances": [{"texts": "a"}, {"texts": "b"}]}, [b"a", b"b"]),
        ({"instances": [{"b64": "aGVsbG8="}, "b"]}, [b"hello", b"b"]),
        ({"instances": [{"texts": {"b64": "aGVsbG8="}}]}, [b"hello"]),
        ({"instances": [["a", "b"]]}, [[b"a", b"b"]]),
        ({"inputs": ["a", "b"]}, [b"a", b"b"]),
        ({"inputs": {"texts": ["a", "b"]}}, [b"a", b"b"]),
        ({"inputs": {"texts": ["a"], "ignored": 5}}, [b"a"]),
        ({"inputs": {"b64": "aGVsbG8="}}, b"hello"),
        ({"inputs": []}, []),
    ],
)
def test_a_single_input_may_go_without_its_name(document: dict[str, Any], expected: object):
    assert read(document, ONE) == {"texts": expected}


@pytest.mark.parametrize(
    "document",
    [
        {"instances": [{"left": "a", "right": "c"}, {"right": "d", "left": "b"}]},
        {"inputs": {"left": ["a", "b"], "right": ["c", "d"]}},
    ],
)
def test_several_inputs_go_by_their_names(document: dict[str, Any]):
    assert read(document, TWO) == {"left": [b"a", b"b"], "right": [b"c", b"d"]}


def test_the_form_of_the_request_is_kept_for_the_answer():
    assert read_inputs({"instances": ["a"]}, ONE).by_row
    assert not read_inputs({"inputs": ["a"]}, ONE).by_row


@pytest.mark.parametrize(
    ("document", "of", "message"),
    [
        ({"instances": ["a"], "inputs": ["a"]}, ONE, "expecting only one of 'inputs' or 'instances' keys to exist"),
        ({}, ONE, "Missing 'inputs' or 'instances' key"),
        ({"instances": {}}, ONE, "Excepting 'instances' to be an list/array"),
        ({"instances": []}, ONE, "No values in 'instances' array"),
        ({"instances": ["a"]}, TWO, "instances is a plain list, but expecting list of objects"),
        ({"instances": [{"b64": "YQ=="}]}, TWO, "must have the keys: left,right"),
        ({"instances": [{"texts": "a"}, ["b"]]}, ONE, "Expecting object but got list at item 1 of input list"),
        ({"instances": ["a", {"texts": "b"}]}, ONE, "Expecting value/list but got object at item 1 of input list"),
        ({"instances": [{"left": "a"}]}, TWO, "keys must be equal to: left,right"),
        ({"instances": [{"left": "a", "nope": "b"}]}, TWO, "does not have named input: nope"),
        ({"instances": [["a"], ["a", "b"]]}, ONE, "Expecting tensor size: 1 but got: 2"),
        ({"instances": [["a", "b"], [["a", "b"]]]}, ONE, "Expecting shape [2] but got: [1,2]"),
        ({"instances": ["a", 5]}, ONE, "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: "),
        ({"instances": [{"left": "a", "right": 5}]}, TWO, "Failed to process element: 0 key: right of 'instances'"),
        ({"inputs": ["a"]}, TWO, "inputs is a plain value/list, but expecting an object"),
        ({"inputs": {"left": ["a"]}}, TWO, "Missing named input: right in 'inputs' object."),
        ({"inputs": {"left": [["a"], "b"], "right": ["a"]}}, TWO, "found at incorrect level: 2"),
        ({"inputs": None}, ONE, "JSON Value: null Type: Null is not of expected type: string"),
        ({"instances": [["a"]]}, SHAPED, "Input texts has the shape [1,1]. Expected: [-1]"),
        ({"inputs": "a"}, SHAPED, "Input texts has the shape []. Expected: [-1]"),
    ],
)
def test_wrong_requests_are_refused_with_the_reason(document: dict[str, Any], of: Signature, message: str):
    with pytest.raises(RestError) as caught:
        read_inputs(document, of)
    assert message in caught.value.message
    assert caught.value.http_status == 400


@pytest.mark.parametrize("form", ["instances", "inputs"])
@pytest.mark.parametrize("depth", [31, 32, 64, 65, 254])
def test_lists_are_nested_at_most_31_deep_in_each_form(form: str, depth: int):
    value: object = "a"
    for _ in range(depth):
        value = [value]
    document = {form: [value] if form == "instances" else value}
    if depth == 31:
        assert read_inputs(document, ONE).inputs["texts"].size == 1
    else:
        with pytest.raises(RestError, match="at most 31 deep") as caught:
            read_inputs(document, ONE)
        assert caught.value.http_status == 400


def test_the_signature_is_the_default_one_unless_it_is_named():
    assert signature_name({}) == signature_name({"signature_name": ""}) == "serving_default"
    assert signature_name({"signature_name": "similarity"}) == "similarity"
    with pytest.raises(RestError, match="'signature_name' key must be a string value"):
        signature_name({"signature_name": 5})
