"""The replicas of an encoder: one on each device that a strategy trains on."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfsiamese.encoders import Encoder
from tfsiamese.errors import EncoderError, SettingsError
from tfsiamese.reasons import first_line

__all__ = ["Replicas"]

_SUPPORTED = (
    tf.distribute.MirroredStrategy,
    tf.distribute.MultiWorkerMirroredStrategy,
    tf.distribute.OneDeviceStrategy,
)


# Numbers that workers exchange at once.
_SMALL_PIECE = 64
_LARGE_PIECE = 2**20


class Replicas:
    """An encoder and its copies, one for each device of this worker.

    Each replica has plain variables of its own, not tf.distribute's mirrored ones: a SavedModel that is restored into
    those can be called within `strategy.run` alone, and could neither be evaluated nor exported as it is. Replicas
    start equal and stay so because all of them apply the same gradients; where a device adds in no fixed order, what
    rounding moves apart is brought together at the end of each epoch.

    Args:
        encoder: the first replica, which is evaluated and exported.
        strategy: of tf.distribute; None for the one device.

    Attributes:
        worker: the number of this process among those that train together.

    Raises:
        SettingsError: the strategy is of a kind that cannot be used, or is entered already.
        EncoderError: the encoder cannot be loaded once more, or cannot run in a replica.
    """

    def __init__(self, encoder: Encoder, strategy: tf.distribute.Strategy | None = None):
        if tf.distribute.has_strategy():
            raise SettingsError(
                "fit was called inside of strategy.scope(). Call it outside, and give it the strategy: "
                "fit(…, strategy=strategy)."
            )
        self.strategy = strategy or tf.distribute.get_strategy()
        self._is_default = strategy is None or strategy is tf.distribute.get_strategy()
        if not self._is_default and not isinstance(strategy, _SUPPORTED):
            raise SettingsError(
                f"Expected a MirroredStrategy or a MultiWorkerMirroredStrategy. Received: {strategy!r:.80}."
            )
        self.devices: tuple[str, ...] = ("",) if self._is_default else tuple(self.strategy.extended.worker_devices)
        self.worker = self._find_worker()
        self._reduce = tf.function(self._reduce_eagerly, autograph=False)
        self.encoders = [encoder]
        # No worker goes on before all have looked at the run folder.
        self.gather([0.0])
        self._take_weights_of_chief()
        for device in self.devices[1:]:
            with tf.device(device):
                self.encoders.append(encoder.copy())
        if self.are_many:
            self._try_out()

    @property
    def number(self) -> int:
        """Replicas of all workers together."""
        return int(self.strategy.num_replicas_in_sync)

    @property
    def are_many(self) -> bool:
        """Whether there is more than one."""
        return self.number > 1

    @property
    def num_workers(self) -> int:
        """Processes that train together."""
        return self.number // len(self.devices)

    @property
    def is_chief(self) -> bool:
        """Whether this process writes what the run leaves."""
        return self.worker == 0

    def here(self) -> tuple[int, Encoder]:
        """The number of the replica that calls this within `run`, among all workers', and its encoder."""
        number = _replica()
        return number, self.encoders[number % len(self.devices)]

    def run(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        """Calls a function in each replica of this worker, inside of a `tf.function`.

        Args:
            function: returns tensors and `tf.IndexedSlices` in any structure.
            arguments: the same for each replica.

        Returns:
            What each replica of this worker returned.
        """
        results = self.strategy.run(function, args=arguments)
        return [self._local(results, place) for place in range(len(self.devices))]

    def run_each(self, function: Callable[..., Any], of_each: Sequence[Any], *shared: Any) -> list[Any]:
        """As `run`, with a first argument for each replica of this worker."""

        def call(of_each: Sequence[Any], *shared: Any) -> Any:
            return function(of_each[_replica() % len(self.devices)], *shared)

        return self.run(call, of_each, *shared)

    def _local(self, results: Any, place: int) -> Any:
        def of_replica(leaf: Any) -> Any:
            # What all replicas hand through unchanged comes back once.
            values = self.strategy.experimental_local_results(leaf)
            return values[place] if len(values) > 1 else values[0]

        return tf.nest.map_structure(of_replica, results)

    def _reduce_eagerly(self, values: tf.Tensor) -> list[tf.Tensor]:
        def of_replica(values: tf.Tensor) -> tf.Tensor:
            is_first = _replica() % len(self.devices) == 0
            return self.sum(values if is_first else tf.zeros_like(values))

        return self.run(of_replica, values)

    def _try_out(self) -> None:
        """Encodes one text in each replica, and back: some models of TensorFlow Hub cannot do so in a replica."""

        def of_replica(texts: tf.Tensor) -> list[tf.Tensor]:
            encoder = self.here()[1]
            values = [variable.value for variable in encoder.trainable_variables]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                vectors = encoder(texts, training=True)
            return [vectors, *(one for one in tape.gradient(vectors, values) if isinstance(one, tf.Tensor))]

        texts = tf.constant(["a dry run"])
        try:
            tf.function(lambda: self.run(of_replica, texts), autograph=False)()
        except (tf.errors.UnavailableError, tf.errors.ResourceExhaustedError):
            raise
        except (TypeError, ValueError, RuntimeError, NotImplementedError, tf.errors.OpError) as error:
            raise EncoderError(
                f"{self.encoders[0].source} cannot run in the replicas of {type(self.strategy).__name__}: "
                f"{first_line(error)} Train it on one device: --strategy one (leave strategy out in Python)."
            ) from error

    def _find_worker(self) -> int:
        if self.num_workers == 1:
            return 0
        find = tf.function(lambda: self.run(lambda: _context().replica_id_in_sync_group)[0], autograph=False)
        return int(find()) // len(self.devices)

    def sum(self, tensors: Any) -> Any:
        """The sum over all replicas of tensors or `tf.IndexedSlices`, within `run`."""
        if not self.are_many:
            return tensors
        # What is handed in from outside has no device, which collectives ask for.
        here = tf.nest.map_structure(tf.identity, tensors)
        return _context().all_reduce(tf.distribute.ReduceOp.SUM, here)

    def sum_present(self, tensors: Sequence[Any]) -> list[Any]:
        """As `sum`, of a list with None in some places, the same ones in every replica."""
        places = [place for place, tensor in enumerate(tensors) if tensor is not None]
        sums = dict(zip(places, self.sum([tensors[place] for place in places]) if places else [], strict=True))
        return [sums.get(place) for place in range(len(tensors))]

    def sum_over_workers(self, values: np.ndarray) -> np.ndarray:
        """The sum of arrays of one shape over all workers; each must call it."""
        if self.num_workers == 1:
            return values
        # In pieces of one size or the other: each size is compiled, and what a piece lacks is filled up with zeros.
        flat = values.ravel()
        size = _SMALL_PIECE if flat.size <= _SMALL_PIECE else _LARGE_PIECE
        found = [self._sum_piece(flat[start : start + size], size) for start in range(0, flat.size, size)]
        return np.concatenate([flat[:0], *found]).reshape(values.shape)

    def _sum_piece(self, piece: np.ndarray, size: int) -> np.ndarray:
        whole = np.zeros(size, piece.dtype)
        whole[: piece.size] = piece
        return self._reduce(tf.constant(whole))[0].numpy()[: piece.size]

    def gather(self, values: Sequence[float]) -> np.ndarray:
        """The numbers of each worker, float64 [workers, values]; each must call it."""
        if self.num_workers == 1:
            return np.array([values], np.float64)
        mine = np.zeros([self.num_workers, len(values)])
        mine[self.worker] = values
        return self.sum_over_workers(mine)

    def _take_weights_of_chief(self) -> None:
        """Gives the first replica of every worker the weights of the chief's; each must call it."""
        if self.num_workers == 1:
            return
        for _, variable in self.encoders[0].named_variables:
            own = variable.numpy()
            variable.assign(self.sum_over_workers(own if self.is_chief else np.zeros_like(own)))

    def take_weights_of_first(self) -> None:
        """Makes the other replicas of this worker equal to the first."""
        for encoder in self.encoders[1:]:
            encoder.take_weights(self.encoders[0])


def _context() -> tf.distribute.ReplicaContext:
    return tf.distribute.get_replica_context()


def _replica() -> int:
    """The number of the replica that calls this, among all workers'."""
    return int(tf.get_static_value(_context().replica_id_in_sync_group))
