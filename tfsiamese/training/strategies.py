"""From a name to a strategy of tf.distribute: one device, all devices of a machine, or several machines."""

import tensorflow as tf

from tfsiamese.errors import SettingsError, TrainingError
from tfsiamese.reasons import first_line
from tfsiamese.suggestions import did_you_mean
from tfsiamese.workers import num_workers

__all__ = ["STRATEGIES", "make_strategy"]

STRATEGIES = ("auto", "one", "mirrored", "multiworker")


def make_strategy(name: str = "auto") -> tf.distribute.Strategy:
    """Makes a strategy; "multiworker" has to be made before TensorFlow does anything else.

    Args:
        name: "one" device; "mirrored" over all GPUs of this machine, or over its logical CPUs where it has no GPU;
            "multiworker" over the workers that the environment variable TF_CONFIG names, with all their GPUs; "auto":
            the last where TF_CONFIG names several workers, else "mirrored" where there are several GPUs, else "one".

    Returns:
        What `fit` takes as `strategy`.

    Raises:
        SettingsError: the name is unknown, or "multiworker" finds no workers.

    Example:
        >>> strategy = make_strategy("mirrored")
        >>> fit(model, pairs, strategy=strategy)
    """
    if name not in STRATEGIES:
        raise SettingsError(
            f"Unknown strategy {name!r}.{did_you_mean(name, STRATEGIES)} Expected one of {', '.join(STRATEGIES)}."
        )
    if name == "auto":
        name = _chosen()
    if name == "multiworker":
        return _multiworker()
    if name == "one":
        return tf.distribute.get_strategy()
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def _chosen() -> str:
    if num_workers() > 1:
        return "multiworker"
    return "mirrored" if len(tf.config.list_physical_devices("GPU")) > 1 else "one"


def _multiworker() -> tf.distribute.Strategy:
    if num_workers() < 2:
        raise SettingsError(
            "The strategy 'multiworker' needs the environment variable TF_CONFIG to name at least two workers. Start "
            "them with `tfsiamese launch --workers N -- train …`, or choose another strategy."
        )
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except tf.errors.OpError as error:
        raise TrainingError(
            f"The workers could not be connected: {first_line(error)} Expected all that TF_CONFIG names to be started "
            "within a few minutes, with ports that the others reach."
        ) from error
    except RuntimeError as error:
        raise SettingsError(
            f"The strategy 'multiworker' came too late ({error}) Make it with make_strategy('multiworker') before an "
            "encoder is loaded and before any other work of TensorFlow."
        ) from error
