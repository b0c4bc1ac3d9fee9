import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tfsiamese.errors import ExportError
from tfsiamese.servables import (
    MOST_WARMUP_REQUESTS,
    WARMUP_FILE,
    WarmupRequest,
    read_warmup_records,
    read_warmup_requests,
    write_warmup_requests,
)

REQUESTS = [
    WarmupRequest("serving_default", {"texts": ["nurse"]}),
    WarmupRequest("similarity", {"left": ["näher", "", "中文"], "right": ["a", "b", "c\nd"]}),
    WarmupRequest("embed", {"texts": [b"\xff\x00", "text"]}),
]


def _records(folder):
    """The records as TensorFlow's own reader and the messages of tensorflow-serving-api see them."""
    data = tf.data.TFRecordDataset(str(folder / "assets.extra" / "tf_serving_warmup_requests"))
    return [prediction_log_pb2.PredictionLog.FromString(record.numpy()) for record in data]


def _write_records(folder, *records):
    path = folder / WARMUP_FILE
    path.parent.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)
    return path


def _log(**inputs) -> bytes:
    log = prediction_log_pb2.PredictionLog()
    log.predict_log.request.model_spec.name = "jobs"
    for name, value in inputs.items():
        log.predict_log.request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return log.SerializeToString()


class TestRecords:
    def test_each_record_asks_one_signature_of_the_model(self, tmp_path):
        write_warmup_requests(tmp_path, "jobs", REQUESTS)
        requests = [log.predict_log.request for log in _records(tmp_path)]
        assert [request.model_spec.name for request in requests] == ["jobs"] * 3
        names = [request.model_spec.signature_name for request in requests]
        assert names == ["serving_default", "similarity", "embed"]
        assert not any(request.model_spec.HasField("version") for request in requests)

    def test_each_input_is_a_batch_of_strings(self, tmp_path):
        write_warmup_requests(tmp_path, "jobs", REQUESTS)
        one, two, three = (log.predict_log.request.inputs for log in _records(tmp_path))
        assert tf.make_ndarray(one["texts"]).tolist() == [b"nurse"]
        assert set(two) == {"left", "right"}
        left = two["left"]
        assert (left.dtype, [size.size for size in left.tensor_shape.dim]) == (tf.string.as_datatype_enum, [3])
        assert tf.make_ndarray(left).tolist() == ["näher".encode(), b"", "中文".encode()]
        assert tf.make_ndarray(three["texts"]).tolist() == [b"\xff\x00", b"text"]

    def test_what_is_written_is_read_back(self, tmp_path):
        write_warmup_requests(tmp_path, "jobs", REQUESTS)
        assert read_warmup_requests(tmp_path) == REQUESTS

    def test_the_same_requests_give_the_same_bytes(self, tmp_path):
        for folder in ("a", "b"):
            write_warmup_requests(tmp_path / folder, "jobs", REQUESTS)
        assert (tmp_path / "a" / WARMUP_FILE).read_bytes() == (tmp_path / "b" / WARMUP_FILE).read_bytes()

    def test_a_request_without_a_signature_is_one_of_the_default(self, tmp_path):
        _write_records(tmp_path, _log(texts=["a"]))
        assert read_warmup_requests(tmp_path) == [WarmupRequest("serving_default", {"texts": ["a"]})]


class TestNone:
    def test_a_version_without_the_file_has_no_requests(self, tmp_path):
        assert read_warmup_requests(tmp_path) == []

    def test_no_requests_leave_no_file(self, tmp_path):
        write_warmup_requests(tmp_path, "jobs", [])
        assert not list(tmp_path.iterdir())


class TestRefusals:
    def test_more_requests_than_a_server_takes_are_refused(self, tmp_path):
        requests = [WarmupRequest("embed", {"texts": ["a"]})] * (MOST_WARMUP_REQUESTS + 1)
        with pytest.raises(ExportError, match=r"at most 1000 warm-up requests.*Received: 1001"):
            write_warmup_requests(tmp_path, "jobs", requests)
        assert not list(tmp_path.iterdir())
        write_warmup_requests(tmp_path, "jobs", requests[1:])
        assert len(_records(tmp_path)) == 1000

    @pytest.mark.parametrize("inputs", [{}, {"texts": []}, {"texts": "abc"}, {"texts": b"abc"}])
    def test_a_request_without_texts_is_named(self, tmp_path, inputs):
        with pytest.raises(ExportError, match=r"Warm-up request 2 \(embed\)"):
            write_warmup_requests(tmp_path, "jobs", [REQUESTS[0], WarmupRequest("embed", inputs)])
        assert not list(tmp_path.iterdir())


def _kind(kind: str) -> bytes:
    log = prediction_log_pb2.PredictionLog()
    getattr(log, kind).SetInParent()
    return log.SerializeToString()


class TestOtherKinds:
    @pytest.mark.parametrize(
        "record",
        [
            pytest.param(_kind("classify_log"), id="classification"),
            pytest.param(_kind("regress_log"), id="regression"),
            pytest.param(_kind("multi_inference_log"), id="several"),
            pytest.param(b"", id="empty"),
            pytest.param(_log(texts=[1.0, 2.0]), id="numbers"),
            pytest.param(_log(texts=["a"], mask=[True]), id="texts and numbers"),
            pytest.param(_log(texts="scalar"), id="scalar"),
            pytest.param(_log(texts=[["a"]]), id="matrix"),
        ],
    )
    def test_records_that_a_server_runs_and_that_have_no_batch_of_texts_are_passed_over(self, tmp_path, record):
        _write_records(tmp_path, _log(texts=["a"]), record, _log(texts=["b"]))
        first, last = (WarmupRequest("serving_default", {"texts": [text]}) for text in "ab")
        assert read_warmup_records(tmp_path) == [first, None, last]
        assert read_warmup_requests(tmp_path) == [first, last]


def _with_one_row(record: bytes) -> bytes:
    """The record with a tensor that says it has one row, and has more."""
    log = prediction_log_pb2.PredictionLog.FromString(record)
    log.predict_log.request.inputs["texts"].tensor_shape.dim[0].size = 1
    return log.SerializeToString()


class TestDamage:
    @pytest.mark.parametrize(
        ("record", "message"),
        [
            (b"no message", "record 2: not a PredictionLog"),
            (_kind("session_run_log"), "record 2: a session_run_log"),
            (_with_one_row(_log(texts=["a", "b"])), "record 2: cannot reshape array of size 2"),
        ],
    )
    def test_a_record_that_a_server_refuses_is_named(self, tmp_path, record, message):
        _write_records(tmp_path, _log(texts=["a"]), record)
        with pytest.raises(ExportError, match=rf"tf_serving_warmup_requests, {message}.*would not load the version"):
            read_warmup_requests(tmp_path)

    @pytest.mark.parametrize("count", [1, 7, 8, 11, 12, 15])
    def test_bytes_after_the_last_record_are_damage(self, tmp_path, count):
        path = _write_records(tmp_path, _log(texts=["a"]))
        path.write_bytes(path.read_bytes() + path.read_bytes()[:count])
        with pytest.raises(ExportError, match=r"tf_serving_warmup_requests, record 2: .*would not load the version"):
            read_warmup_requests(tmp_path)

    def test_an_error_without_a_message_is_named_by_its_kind(self, tmp_path, monkeypatch):
        _write_records(tmp_path, _log(texts=["a"]))

        def fail(path):
            raise tf.errors.DataLossError(None, None, "")

        monkeypatch.setattr(tf.data, "TFRecordDataset", fail)
        with pytest.raises(ExportError, match="record 1: DataLossError. TensorFlow Serving would not"):
            read_warmup_requests(tmp_path)

    def test_a_changed_byte_and_a_cut_file_are_named(self, tmp_path):
        path = _write_records(tmp_path, _log(texts=["a"]), _log(texts=["another"]))
        content = path.read_bytes()
        path.write_bytes(content.replace(b"another", b"anothes"))
        with pytest.raises(ExportError, match="record 2: .*corrupted"):
            read_warmup_requests(tmp_path)
        path.write_bytes(content[:-3])
        with pytest.raises(ExportError, match=r"record 2: "):
            read_warmup_requests(tmp_path)
