import json
import logging

import pytest
import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from tfsiamese.encoders import load_encoder
from tfsiamese.siamese import Siamese
from tfsiamese.training import fit
from tfsiamese.training.bottleneck import describe_bottleneck
from tfsiamese.training.profiling import ProfileLog
from tfsiamese.training.trace_reading import KINDS, kind_of_kernel, kind_of_operation, read_traces, summarize

MILLISECOND = 10**9  # picoseconds


def trace_of(*lines, plane="/host:CPU", operations=None):
    """A trace with one plane; each event is (name, begin, end) in milliseconds."""
    space = xplane_pb2.XSpace()
    written = space.planes.add(name=plane)
    written.stat_metadata[1].name = "tf_op"
    numbers = {}
    for events in lines:
        line = written.lines.add(timestamp_ns=1_000_000)
        for name, begin, end in events:
            number = numbers.setdefault(name, len(numbers) + 1)
            written.event_metadata[number].name = name
            event = line.events.add(metadata_id=number, offset_ps=begin * MILLISECOND)
            event.duration_ps = (end - begin) * MILLISECOND
            if operations:
                event.stats.add(metadata_id=1, str_value=operations[name])
    return space


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("encoder_1/StatefulPartitionedCall/StringSplit/StringSplitV2:StringSplitV2", "strings and tokens"),
        ("encoder/SentencepieceTokenizeOp:SentencepieceTokenizeOp", "strings and tokens"),
        ("encoder/x:TFText>FastBertNormalize", "strings and tokens"),
        ("encoder/x:TFText>FastWordpieceTokenizeWithOffsets", "strings and tokens"),
        ("encoder_1/Gather:ResourceGather", "embedding lookups"),
        ("encoder_1/Tanh:_MklNativeFusedMatMul", "matrix products"),
        ("gradients/matmul_8_grad/MatMul:_MklMatMul", "matrix products"),
        ("encoder/einsum:BatchMatMulV2", "matrix products"),
        ("encoder/mul_2_0:Mul", "element-wise operations"),
        ("gradients/Relu_grad:ReluGrad", "element-wise operations"),
        ("L2Loss_15:L2Loss", "element-wise operations"),
        ("encoder/GatherV2_3:GatherV2", "gathering and copying"),
        ("AddN_6/inputs_1:UnsortedSegmentSum", "gathering and copying"),
        ("anywhere:ResourceApplyAdam", "optimizer updates"),
        ("all_reduce:CollectiveReduceV2", "collectives"),
        ("reduce:NcclAllReduce", "collectives"),
        ("strange:DecodeWav", "other operations"),
    ],
)
def test_operations_are_told_apart_by_their_type(name, kind):
    assert kind_of_operation(name) == kind


def test_what_runs_in_the_optimizers_scope_is_its_update_whatever_the_type():
    assert kind_of_operation("cond/row_sparse_adam/mul_11:Mul", "row_sparse_adam") == "optimizer updates"
    assert kind_of_operation("row_sparse_adam_1/Gather:ResourceGather", "row_sparse_adam") == "optimizer updates"
    assert kind_of_operation("not_row_sparse_adam/mul:Mul", "row_sparse_adam") == "element-wise operations"
    assert kind_of_operation("cond/row_sparse_adam/mul_11:Mul") == "element-wise operations"


@pytest.mark.parametrize(
    "name",
    ["ParallelFor", "ExecutorState::Process", "KernelAndDeviceFunc::Run", "EagerLocalExecute: GatherV2", "tf.constant"],
)
def test_events_that_are_no_operations_are_left_out(name):
    assert kind_of_operation(name) is None


def test_kernels_are_told_apart_by_their_operation_else_by_their_name():
    assert kind_of_kernel("ampere_sgemm_128x64_tn") == "matrix products"
    assert kind_of_kernel("MemcpyH2D") == "gathering and copying"
    assert kind_of_kernel("ncclDevKernel_AllReduce_Sum_f32_RING_LL") == "collectives"
    assert kind_of_kernel("void Eigen::EigenMetaKernel", "outer/step::encoder/add:AddV2") == "element-wise operations"
    assert kind_of_kernel("sm90_xmma_gemm", "no operation") == "matrix products"
    assert kind_of_kernel("mystery") == "other operations"


def test_times_are_summed_by_kind_over_threads():
    times = summarize(
        [trace_of([("a:MatMul", 0, 30), ("b:Mul", 30, 40)], [("c:MatMul", 10, 20), ("ParallelFor", 0, 90)])]
    )
    assert times.seconds["matrix products"] == pytest.approx(0.040)
    assert times.seconds["element-wise operations"] == pytest.approx(0.010)
    assert times.shares == pytest.approx({"matrix products": 0.8, "element-wise operations": 0.2})
    assert set(times.seconds) == set(KINDS)


def test_an_operation_inside_another_is_counted_once():
    times = summarize([trace_of([("outer:If", 0, 10), ("in:MatMul", 2, 8), ("deep:Mul", 3, 5), ("next:Mul", 10, 11)])])
    assert times.seconds["other operations"] == pytest.approx(0.004)
    assert times.seconds["matrix products"] == pytest.approx(0.004)
    assert times.seconds["element-wise operations"] == pytest.approx(0.003)


def test_the_busy_time_is_that_in_which_any_operation_ran():
    times = summarize([trace_of([("a:Mul", 0, 10), ("b:Mul", 50, 60)], [("c:Mul", 5, 20), ("d:Mul", 55, 58)])])
    assert times.busy_seconds == pytest.approx(0.030)


def test_a_gpus_kernels_count_instead_of_the_host_except_for_strings():
    host = trace_of([("launch:MatMul", 0, 50), ("split:StringSplitV2", 50, 52)])
    device = trace_of(
        [("gemm_a", 10, 16), ("k", 16, 18)], plane="/device:GPU:0", operations={"gemm_a": "", "k": "b:Mul"}
    )
    times = summarize([host, device])
    assert times.on_device
    assert times.seconds["matrix products"] == pytest.approx(0.006)
    assert times.seconds["element-wise operations"] == pytest.approx(0.002)
    assert times.seconds["strings and tokens"] == pytest.approx(0.002)
    assert times.busy_seconds == pytest.approx(0.010)


def test_a_trace_without_operations_has_no_shares():
    times = summarize([trace_of([("ParallelFor", 0, 5)])])
    assert times.shares == {}
    assert times.busy_seconds == 0
    assert summarize([]).shares == {}


def test_traces_of_several_hosts_are_read_from_their_files(tmp_path):
    for host in ("one", "two"):
        (tmp_path / f"{host}.xplane.pb").write_bytes(trace_of([("a:MatMul", 0, 3)]).SerializeToString())
    assert read_traces(sorted(tmp_path.iterdir())).seconds["matrix products"] == pytest.approx(0.006)


def shares(**given):
    return {"computing": 0.0, "waiting_for_input": 0.0, "first_step": 0.0, "rest": 0.0} | given


def test_waiting_for_input_is_named_first():
    sentence = describe_bottleneck(
        shares(computing=0.6, waiting_for_input=0.3, rest=0.1), {"matrix products": 1.0}, 1.0
    )
    assert sentence.startswith("30 % of the time training waited for input")


def test_evaluation_and_checkpoints_are_named_where_they_take_most():
    sentence = describe_bottleneck(
        shares(computing=0.2, waiting_for_input=0.2, rest=0.6), {"matrix products": 1.0}, 1.0
    )
    assert sentence.startswith("60 % of the time went to evaluation")


def test_the_first_step_is_named_where_it_takes_most():
    assert "first step" in describe_bottleneck(shares(computing=0.4, first_step=0.6))


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("matrix products", "--mixed-precision"),
        ("optimizer updates", "--gradient-accumulation-steps"),
        ("collectives", "--gradient-accumulation-steps"),
        ("strings and tokens", "shorter texts"),
        ("embedding lookups", "frozen embedding table"),
    ],
)
def test_the_largest_kind_of_operation_is_named_with_what_may_help(kind, advice):
    sentence = describe_bottleneck(shares(computing=0.9, rest=0.1), {"other operations": 0.19, kind: 0.81}, 0.95)
    assert f"81 % of a step's operations are {kind}" in sentence
    assert advice in sentence
    assert sentence.startswith("90 % of the time was spent on steps")


def test_every_kind_has_advice():
    for kind in KINDS:
        assert describe_bottleneck(shares(computing=1.0), {kind: 1.0}, 1.0)


def test_steps_in_which_hardly_an_operation_runs_are_named():
    sentence = describe_bottleneck(shares(computing=1.0), {"matrix products": 1.0}, 0.3)
    assert "no operation ran in 70 % of a step" in sentence
    assert "--batch-size" in sentence


class Clock:
    """Gives the times that it is told, and stands still between them."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("tfsiamese.training.profiling.time.perf_counter", clock)
    return clock


def run_events(log, clock, events):
    for name, seconds in events:
        clock.now += seconds
        getattr(log, f"on_{name}")(*([] if name.startswith("train_") and "batch" not in name else [0]), {})


def test_the_time_of_all_steps_is_shared_out(clock, tmp_path):
    log = ProfileLog(tmp_path / "logs")
    run_events(
        log,
        clock,
        [
            ("train_begin", 7.0),
            ("epoch_begin", 1.0),
            ("train_batch_begin", 2.0),
            ("train_batch_end", 10.0),
            ("train_batch_begin", 3.0),
            ("train_batch_end", 4.0),
            ("train_batch_begin", 1.0),
            ("train_batch_end", 5.0),
            ("epoch_end", 20.0),
            ("train_end", 4.0),
        ],
    )
    profile = json.loads((tmp_path / "logs" / "profile.json").read_text())
    expected = {"computing": 9.0, "waiting_for_input": 6.0, "first_step": 10.0, "rest": 25.0}
    assert profile["seconds"] == pytest.approx(expected)
    assert profile["shares"] == pytest.approx({part: seconds / 50 for part, seconds in expected.items()})
    assert profile["steps"] == 3
    assert profile["trace"] is None


def test_a_gap_in_which_a_checkpoint_was_written_is_not_waiting_for_input(clock, tmp_path):
    (tmp_path / "checkpoints").mkdir()
    log = ProfileLog(tmp_path / "logs")
    begin = [("train_begin", 0.0), ("epoch_begin", 0.0), ("train_batch_begin", 1.0), ("train_batch_end", 1.0)]
    run_events(log, clock, begin)
    (tmp_path / "checkpoints" / "1").mkdir()
    run_events(log, clock, [("train_batch_begin", 6.0), ("train_batch_end", 1.0), ("train_batch_begin", 2.0)])
    log.close()
    seconds = json.loads((tmp_path / "logs" / "profile.json").read_text())["seconds"]
    assert seconds["rest"] == pytest.approx(6.0)
    assert seconds["waiting_for_input"] == pytest.approx(3.0)


def messages(caplog, level):
    return [record.message for record in caplog.records if record.levelno == level and "profil" in record.name]


def test_a_run_is_traced_and_training_is_the_same_as_without(tiny_folder, tiny_pairs, tmp_path, caplog):
    histories, encoders = [], []
    folder = tmp_path / "logs"
    with caplog.at_level(logging.INFO, "tfsiamese"):
        for callbacks in ([], [ProfileLog(folder)]):
            encoders.append(load_encoder(tiny_folder))
            histories.append(fit(Siamese(encoders[-1]), tiny_pairs, epochs=4, batch_size=8, callbacks=callbacks))
    assert histories[0].history["loss"] == histories[1].history["loss"]
    texts = tiny_pairs.frame["left"].tolist()
    assert (encoders[0].encode(texts) == encoders[1].encode(texts)).all()

    assert len(list(folder.glob("plugins/profile/*/*.xplane.pb"))) == 1
    profile = json.loads((folder / "profile.json").read_text())
    assert profile["steps"] == 20
    assert profile["trace"]["steps"] == 10
    found = profile["trace"]["operation_shares"]
    assert {"matrix products", "strings and tokens", "optimizer updates", "embedding lookups"} <= set(found)
    assert sum(found.values()) == pytest.approx(1)
    assert sum(profile["shares"].values()) == pytest.approx(1)
    assert 0 < profile["trace"]["share_with_an_operation"] <= 1
    (message,) = messages(caplog, logging.INFO)
    assert message == f"profile of 20 steps: {profile['bottleneck']}"


def test_a_run_too_short_for_a_trace_says_so(tiny_encoder, tiny_pairs, tmp_path, caplog):
    with caplog.at_level(logging.INFO, "tfsiamese"):
        fit(Siamese(tiny_encoder), tiny_pairs, epochs=1, batch_size=10, callbacks=[ProfileLog(tmp_path)])
    assert json.loads((tmp_path / "profile.json").read_text())["trace"] is None
    (message,) = messages(caplog, logging.INFO)
    assert "tracing begins after 5 steps, and there were 4" in message
    assert not (tmp_path / "plugins").exists()


def test_a_profiler_that_cannot_start_is_a_warning(tiny_encoder, tiny_pairs, tmp_path, caplog):
    tf.profiler.experimental.start(str(tmp_path / "other"))
    try:
        fit(Siamese(tiny_encoder), tiny_pairs, epochs=2, batch_size=8, callbacks=[ProfileLog(tmp_path / "logs")])
    finally:
        tf.profiler.experimental.stop()
    assert any("steps are not traced" in message for message in messages(caplog, logging.WARNING))
    assert json.loads((tmp_path / "logs" / "profile.json").read_text())["steps"] == 10


def test_a_folder_that_cannot_be_written_is_a_warning(clock, tmp_path, caplog):
    (tmp_path / "logs").write_text("a file")
    log = ProfileLog(tmp_path / "logs")
    steps = [("train_batch_begin", 1.0), ("train_batch_end", 1.0)]
    run_events(log, clock, [("train_begin", 0.0), *steps, ("train_end", 0.0)])
    assert any("could not be written" in message for message in messages(caplog, logging.WARNING))


def test_a_trace_that_cannot_be_read_is_a_warning(clock, tmp_path, caplog, monkeypatch):
    def start(folder):
        place = tmp_path / "plugins" / "profile" / "now"
        place.mkdir(parents=True)
        (place / "host.xplane.pb").write_bytes(b"\xff\xff\xff\xff")

    monkeypatch.setattr(tf.profiler.experimental, "start", start)
    monkeypatch.setattr(tf.profiler.experimental, "stop", lambda: None)
    log = ProfileLog(tmp_path)
    steps = [("train_batch_begin", 1.0), ("train_batch_end", 1.0)] * 7
    run_events(log, clock, [("train_begin", 0.0), *steps, ("train_end", 0.0)])
    assert any("could not be read" in message for message in messages(caplog, logging.WARNING))
    assert json.loads((tmp_path / "profile.json").read_text())["trace"] is None


def test_long_steps_are_traced_for_a_limited_time(clock, tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(tf.profiler.experimental, "start", lambda folder: calls.append("start"))
    monkeypatch.setattr(tf.profiler.experimental, "stop", lambda: calls.append("stop"))
    log = ProfileLog(tmp_path)
    run_events(log, clock, [("train_begin", 0.0), *[("train_batch_begin", 0.0), ("train_batch_end", 15.0)] * 6])
    assert calls == ["start"]
    run_events(log, clock, [("train_batch_begin", 0.0), ("train_batch_end", 15.0)])
    assert calls == ["start", "stop"]


def test_a_run_that_breaks_off_ends_its_trace(clock, tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(tf.profiler.experimental, "start", lambda folder: calls.append("start"))
    monkeypatch.setattr(tf.profiler.experimental, "stop", lambda: calls.append("stop"))
    log = ProfileLog(tmp_path)
    run_events(log, clock, [("train_begin", 0.0), *[("train_batch_begin", 0.0), ("train_batch_end", 1.0)] * 7])
    log.close()
    log.close()
    assert calls == ["start", "stop"]
    assert json.loads((tmp_path / "profile.json").read_text())["steps"] == 7


def test_a_finished_run_that_is_resumed_keeps_its_profile(tmp_path, caplog):
    (tmp_path / "profile.json").write_text("{}")
    with caplog.at_level(logging.INFO, "tfsiamese"):
        ProfileLog(tmp_path).close()
    assert (tmp_path / "profile.json").read_text() == "{}"
    assert any("no step was taken" in message for message in messages(caplog, logging.INFO))


def test_a_resumed_run_profiles_the_steps_that_it_takes(tiny_folder, tiny_pairs, tmp_path):
    class BrokenOffError(Exception):
        pass

    class Stopper(ProfileLog):
        def on_epoch_end(self, epoch, logs=None):
            raise BrokenOffError

    settings = {"epochs": 3, "batch_size": 8, "out": tmp_path / "run", "checkpoint_seconds": 0}
    with pytest.raises(BrokenOffError):
        fit(Siamese(load_encoder(tiny_folder)), tiny_pairs, callbacks=[Stopper(tmp_path / "one")], **settings)
    log = ProfileLog(tmp_path / "two")
    fit(Siamese(load_encoder(tiny_folder)), tiny_pairs, callbacks=[log], resume=True, **settings)
    assert json.loads((tmp_path / "two" / "profile.json").read_text())["steps"] == 10
