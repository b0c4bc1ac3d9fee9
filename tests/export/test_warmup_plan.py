import itertools
from pathlib import Path

import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tests.servables.graphs import write_function
from tfsiamese.errors import ExportError
from tfsiamese.export.warmup_plan import checked_requests, warmup_requests
from tfsiamese.servables import SavedModelFile, Signature, TensorInfo, WarmupRequest, write_warmup_requests

TEXTS = ["red apple", "nurse", "", "data code", "näher 中文 🍎", "a doctor who bakes bread by the road", "x"]


def _signature(*inputs: str, dtype: str = "string", shape: tuple[int | None, ...] = (None,)) -> Signature:
    return Signature({name: TensorInfo(f"{name}:0", dtype, shape) for name in inputs}, {}, "")


SIGNATURES = {
    "serving_default": _signature("texts"),
    "similarity": _signature("right", "left"),
    "scores": _signature("vectors", dtype="float32", shape=(None, 8)),
}


class TestPlan:
    def test_every_signature_that_takes_texts_is_asked_at_every_batch_size(self):
        requests = warmup_requests(SIGNATURES, TEXTS, (1, 2, 4))
        sizes = [
            (request.signature, {name: len(texts) for name, texts in request.inputs.items()}) for request in requests
        ]
        assert sizes == [
            (name, dict.fromkeys(inputs, size))
            for size in (1, 2, 4)
            for name, inputs in (("serving_default", ["texts"]), ("similarity", ["left", "right"]))
        ]

    def test_texts_are_taken_in_turn_a_short_one_after_a_long_one(self):
        texts = ["333", "1", "55555", "4444", "22"]
        (request,) = warmup_requests({"embed": _signature("texts")}, texts, [7])
        assert request.inputs["texts"] == ["55555", "1", "4444", "22", "333", "55555", "1"]

    def test_the_two_sides_of_a_pair_get_different_texts(self):
        (request,) = warmup_requests({"similarity": _signature("left", "right")}, ["1", "22", "333", "4444"], [2])
        assert request.inputs == {"left": ["4444", "1"], "right": ["333", "22"]}

    def test_a_single_text_is_repeated(self):
        requests = warmup_requests({"embed": _signature("texts")}, ["one"], (1, 4))
        assert [request.inputs["texts"] for request in requests] == [["one"], ["one"] * 4]

    def test_texts_that_are_no_unicode_are_replaced_as_an_encoder_does(self):
        (request,) = warmup_requests({"embed": _signature("texts")}, ["a\ud800"], [1])
        assert request.inputs["texts"] == ["a" + 3 * "\N{REPLACEMENT CHARACTER}"]

    def test_of_many_texts_all_lengths_are_taken(self):
        texts = ["x" * length for length in range(1, 5001)]
        (request,) = warmup_requests({"embed": _signature("texts")}, texts, [1024])
        lengths = sorted(len(text) for text in request.inputs["texts"])
        assert (lengths[0], lengths[-1], len(set(lengths))) == (1, 5000, 1024)
        assert max(after - before for before, after in itertools.pairwise(lengths)) <= 5

    def test_the_order_of_the_texts_does_not_matter(self):
        assert warmup_requests(SIGNATURES, TEXTS, (1, 8)) == warmup_requests(
            SIGNATURES, TEXTS[::-1] + TEXTS[:2], (8, 1, 8)
        )

    def test_at_most_1000_requests_are_planned_and_every_signature_is_among_them(self):
        signatures = {f"prompt_{number:03}": _signature("texts") for number in range(300)}
        requests = warmup_requests(signatures, TEXTS, (1, 2, 4, 8))
        assert len(requests) == 1000
        assert {request.signature for request in requests} == set(signatures)
        assert {len(request.inputs["texts"]) for request in requests[:900]} == {1, 2, 4}

    def test_a_model_that_takes_no_texts_has_no_requests(self):
        assert warmup_requests({"scores": SIGNATURES["scores"]}, TEXTS, (1, 2)) == []

    @pytest.mark.parametrize(
        ("texts", "sizes", "message"),
        [
            ([], (1,), "at least one text to warm the model up with"),
            (TEXTS, (), "batch sizes to be positive integers"),
            (TEXTS, (0, 1), "batch sizes to be positive integers"),
            (TEXTS, (1.0,), "batch sizes to be positive integers"),
        ],
    )
    def test_nothing_to_ask_with_is_an_error(self, texts, sizes, message):
        with pytest.raises(ExportError, match=message):
            warmup_requests(SIGNATURES, texts, sizes)


class TestOnAModel:
    def test_each_record_of_the_file_runs_on_the_model(self, tiny_folder, tmp_path):
        signatures = tf.saved_model.load(str(tiny_folder)).signatures
        planned = warmup_requests(SavedModelFile.read(tiny_folder).signatures, TEXTS, (1, 2, 16))
        write_warmup_requests(tmp_path, "tiny", checked_requests(signatures, planned))

        seen: dict[str, set[int]] = {}
        file = tmp_path / "assets.extra" / "tf_serving_warmup_requests"
        for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
            request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
            inputs = {name: tf.constant(tf.make_ndarray(tensor)) for name, tensor in request.inputs.items()}
            (size,) = {len(tensor) for tensor in inputs.values()}
            seen.setdefault(request.model_spec.signature_name, set()).add(size)
            for output in signatures[request.model_spec.signature_name](**inputs).values():
                assert output.shape[0] == size and tf.reduce_all(tf.math.is_finite(output))
        assert seen == {name: {1, 2, 16} for name in signatures}

    def test_requests_that_run_are_returned(self, tiny_folder):
        requests = [WarmupRequest("similarity", {"left": ["a", b"\xff"], "right": ["b", ""]})]
        assert checked_requests(tf.saved_model.load(str(tiny_folder)).signatures, requests) == requests

    @pytest.mark.parametrize(
        ("request_", "message"),
        [
            (WarmupRequest("top_k", {"queries": ["a"]}), "signature 'top_k': the SavedModel has no such signature"),
            (
                WarmupRequest("similarity", {"left": ["a"], "right": ["b", "c"]}),
                "left and right must hold equally many",
            ),
            (WarmupRequest("similarity", {"left": ["a"]}), "signature 'similarity': .*right"),
            (WarmupRequest("serving_default", {"text": ["a"]}), "signature 'serving_default': .*texts"),
        ],
    )
    def test_a_request_that_fails_is_named(self, tiny_folder, request_, message):
        good = WarmupRequest("serving_default", {"texts": ["a"]})
        with pytest.raises(ExportError, match=f"Warm-up record 2, .*{message}") as caught:
            checked_requests(tf.saved_model.load(str(tiny_folder)).signatures, [good, request_])
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        ("compute", "shape"),
        [(lambda texts: tf.strings.length(texts)[:1], r"\[1\]"), (lambda texts: tf.size(texts), r"\[\]")],
    )
    def test_an_output_without_a_row_for_each_text_is_named(self, compute, shape, tmp_path: Path):
        signatures = tf.saved_model.load(str(write_function(tmp_path, compute))).signatures
        requests = [WarmupRequest("serving_default", {"texts": ["a", "b"]})]
        message = rf"Warm-up record 1, .*the output 'output' has the shape {shape}, expected a row for each"
        with pytest.raises(ExportError, match=message):
            checked_requests(signatures, requests)
