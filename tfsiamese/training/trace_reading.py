"""What the operations in a trace of TensorFlow's profiler spent their time on.

A trace is an XSpace protocol buffer (`tensorflow/tsl/profiler/protobuf/xplane.proto`): planes for hosts and devices,
in each a line for every thread or stream, and on a line events. The event of an operation is named `scope/name:Type`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["KINDS", "OperationTimes", "kind_of_kernel", "kind_of_operation", "read_traces", "summarize"]

STRINGS = "strings and tokens"
EMBEDDINGS = "embedding lookups"
MATRICES = "matrix products"
ELEMENTS = "element-wise operations"
MOVES = "gathering and copying"
UPDATES = "optimizer updates"
COLLECTIVES = "collectives"
OTHER = "other operations"

KINDS = (STRINGS, EMBEDDINGS, MATRICES, ELEMENTS, MOVES, UPDATES, COLLECTIVES, OTHER)

_OPERATION = re.compile(r"(?P<path>\S+):(?P<type>[A-Za-z_][\w>]*)")
_ELEMENTS = re.compile(
    r"(Abs|Acos|Add|AddN|AddV2|All|Any|ApproximateEqual|ArgMax|ArgMin|Asin|Atan2?|BiasAdd|Cast|Ceil|ClipByValue|Cos|"
    r"Div|DivNoNan|Elu|Equal|Erfc?|Exp|Expm1|Floor|FloorDiv|FloorMod|Gelu|Greater|GreaterEqual|Invert|Inv|IsFinite|"
    r"IsInf|IsNan|L2Loss|LayerNorm|LeakyRelu|Less|LessEqual|Log|Log1p|LogSoftmax|Logical\w+|Max|Maximum|Mean|Min|"
    r"Minimum|Mul|MulNoNan|Neg|NotEqual|Pow|Prod|RealDiv|Reciprocal|Relu6?|Round|Rsqrt|Select|SelectV2|Sigmoid|Sign|"
    r"Sin|Softmax|Softplus|SparseSoftmaxCrossEntropyWithLogits|SoftmaxCrossEntropyWithLogits|Sqrt|Square|"
    r"SquaredDifference|StatelessRandom\w+|Sub|Sum|Swish|Tanh|TruncateDiv|UnaryOpsComposition|Xdivy|Xlogy|ZerosLike|OnesLike)(Grad)?"
)
_MOVES = re.compile(
    r"(BatchGather|BroadcastTo|Concat|ConcatV2|DynamicPartition|DynamicStitch|ParallelDynamicStitch|ExpandDims|Fill|"
    r"Gather|GatherNd|GatherV2|MirrorPad|Pack|Pad|PadV2|Ragged\w+|Repeat|Reshape|Reverse\w*|Scatter\w+|"
    r"\w*Segment\w+|Slice|Split|SplitV|Squeeze|StridedSlice|StridedSliceGrad|TensorScatter\w+|Tile|TopK|TopKV2|"
    r"Transpose|Unique|UniqueV2|Unpack|Where|Snapshot|Identity|DeepCopy|ReadVariableOp|AssignVariableOp|Range|SparseTo\w+|Bincount|DenseBincount|Cumsum)"
)
_KERNELS = (
    (COLLECTIVES, re.compile("nccl|allreduce|allgather", re.IGNORECASE)),
    (MATRICES, re.compile("gemm|gemv|cutlass|cublas|wgmma|conv|flash|fmha", re.IGNORECASE)),
    (MOVES, re.compile("memcpy|memset|gather|scatter|concat|split|transpose|slice|segment", re.IGNORECASE)),
    (UPDATES, re.compile("adam|sgd", re.IGNORECASE)),
)


class _Event(NamedTuple):
    """On one thread or stream, in picoseconds."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class OperationTimes:
    """What was found in a trace.

    Attributes:
        seconds: by kind of operation, summed over threads, without what runs inside of another operation.
        busy_seconds: the time in which any operation ran.
        on_device: whether the times are those of a GPU's kernels (and of the host's work on strings).
    """

    seconds: dict[str, float]
    busy_seconds: float
    on_device: bool = False

    @property
    def shares(self) -> dict[str, float]:
        """The share of each kind in the time of all operations, largest first; kinds without any are left out."""
        total = sum(self.seconds.values())
        ordered = sorted(self.seconds.items(), key=lambda item: -item[1])
        return {kind: seconds / total for kind, seconds in ordered if seconds > 0}


def kind_of_operation(name: str, optimizer: str = "") -> str | None:
    """The kind of the operation that an event is named after, such as "encoder/Tanh:_MklNativeFusedMatMul".

    Args:
        name: of the event.
        optimizer: the name scope of the optimizer; what runs in it belongs to the update, whatever its type.

    Returns:
        One of `KINDS`; None where the event is not an operation.
    """
    found = _OPERATION.fullmatch(name)
    if found is None or "::" in name:
        return None
    kind = re.sub(r"^(TFText>|TF>)?_?(Mkl)?(Native)?", "", found["type"])
    if re.search("Collective|Nccl|AllReduce|AllGather|^(Host)?(Send|Recv)$", kind):
        return COLLECTIVES
    if re.search(
        "String|Sentencepiece|Tokeniz|Wordpiece|Regex|Unicode|UTF8|BertNormalize|Substr|CaseFold|HashBucket|Lookup",
        kind,
    ):
        return STRINGS
    if (optimizer and re.search(rf"(^|/){re.escape(optimizer)}(_\d+)?/", found["path"])) or re.match(
        "Resource(Sparse)?Apply|ResourceScatter|Assign(Add|Sub)?Variable", kind
    ):
        return UPDATES
    if re.search("MatMul|Einsum|Conv[123]D|FusedMHA", kind):
        return MATRICES
    if re.match("ResourceGather|SparseSegment|EmbeddingLookup", kind):
        return EMBEDDINGS
    if _ELEMENTS.fullmatch(kind):
        return ELEMENTS
    return MOVES if _MOVES.fullmatch(kind) else OTHER


def kind_of_kernel(name: str, operation: str = "", optimizer: str = "") -> str:
    """The kind of a GPU's kernel or copy.

    Args:
        name: of the kernel.
        operation: the operation that started it, as the trace names it; empty where the trace doesn't say.
        optimizer: as for `kind_of_operation`.
    """
    kind = kind_of_operation(operation.rsplit("::", 1)[-1], optimizer) if operation else None
    if kind not in (None, OTHER):
        return str(kind)
    return next((kind for kind, pattern in _KERNELS if pattern.search(name)), OTHER)


def read_traces(paths: Iterable[Path], optimizer: str = "") -> OperationTimes:
    """Sums up the `*.xplane.pb` files of one trace, one for each host.

    Args:
        paths: the files.
        optimizer: as for `kind_of_operation`.
    """
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    spaces = []
    for path in paths:
        space = xplane_pb2.XSpace()
        space.ParseFromString(path.read_bytes())
        spaces.append(space)
    return summarize(spaces, optimizer)


def summarize(spaces: Sequence[Any], optimizer: str = "") -> OperationTimes:
    """Sums up a trace.

    Args:
        spaces: an XSpace for each host.
        optimizer: as for `kind_of_operation`.
    """
    planes = [plane for space in spaces for plane in space.planes]
    device = [events for plane in planes if "/device:GPU" in plane.name for events in _kernels(plane, optimizer)]
    host = [events for plane in planes if "/host:" in plane.name for events in _operations(plane, optimizer)]
    on_device = any(device)
    if on_device:  # an operation of the host only starts kernels; strings it works on itself
        host = [[event for event in events if event.kind == STRINGS] for events in host]
    lines = device + host
    seconds = dict.fromkeys(KINDS, 0.0)
    for events in lines:
        for kind, picoseconds in _own_times(events):
            seconds[kind] += picoseconds * 1e-12
    busy = _covered([event for events in lines for event in events]) * 1e-12
    return OperationTimes(seconds, busy, on_device)


def _operations(plane: Any, optimizer: str) -> Iterator[list[_Event]]:
    kinds = {key: kind_of_operation(metadata.name, optimizer) for key, metadata in plane.event_metadata.items()}
    for line in plane.lines:
        found = ((event, kinds.get(event.metadata_id)) for event in line.events)
        yield [_event(line, event, kind) for event, kind in found if kind is not None]


def _kernels(plane: Any, optimizer: str) -> Iterator[list[_Event]]:
    names = {key: metadata.name for key, metadata in plane.stat_metadata.items()}
    for line in plane.lines:
        events = []
        for event in line.events:
            stats = {names[stat.metadata_id]: stat.str_value or names.get(stat.ref_value, "") for stat in event.stats}
            kernel = plane.event_metadata[event.metadata_id].name
            events.append(_event(line, event, kind_of_kernel(kernel, stats.get("tf_op", ""), optimizer)))
        yield events


def _event(line: Any, event: Any, kind: str) -> _Event:
    start = line.timestamp_ns * 1000 + event.offset_ps
    return _Event(start, start + event.duration_ps, kind)


def _own_times(events: Sequence[_Event]) -> Iterator[tuple[str, int]]:
    """The time of each event of a line without that of the events inside it."""
    stack: list[_Event] = []
    for event in sorted(events, key=lambda event: (event.start, -event.end)):
        while stack and stack[-1].end <= event.start:
            stack.pop()
        length = event.end - event.start
        if stack:
            yield stack[-1].kind, -length
        yield event.kind, length
        stack.append(event)


def _covered(events: Sequence[_Event]) -> int:
    """The length of the union of all events."""
    total, reached = 0, 0
    for event in sorted(events):
        total += max(0, event.end - max(event.start, reached))
        reached = max(reached, event.end)
    return total
