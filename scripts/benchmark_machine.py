"""The machine that a benchmark runs on: processor, memory, versions, and how fast it multiplies matrices."""

import os
import platform
import statistics
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["describe_machine", "device_megabytes", "measure_products", "versions_of"]

# Large enough for the full rate, small enough for seconds.
SIZES = {"cpu": 2048, "gpu": 8192}
REPETITIONS = 12


def describe_machine() -> dict[str, Any]:
    """Processor, cores, memory, operating system, Python, commit."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gigabytes": _memory_gigabytes(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "commit": _commit(),
        "versions": versions_of("tfsiamese", "tensorflow", "tensorflow-text", "keras", "numpy"),
    }


def versions_of(*packages: str) -> dict[str, str]:
    """Of the packages that are installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def measure_products(device: str) -> dict[str, float]:
    """GFLOP/s of the product of two large square matrices in TensorFlow, by precision: the fastest and the median.

    A GPU multiplies float32 as TensorFlow does by default, in TF32 where it can.
    """
    import tensorflow as tf

    if device == "gpu" and not tf.config.list_physical_devices("GPU"):
        raise SystemExit("TensorFlow sees no GPU. Leave --device gpu out, or install tensorflow[and-cuda].")
    size = SIZES[device]
    name = "/GPU:0" if device == "gpu" else "/CPU:0"
    rates: dict[str, float] = {}
    for dtype in (tf.float32, tf.bfloat16):
        with tf.device(name):
            values = tf.cast(tf.random.stateless_normal([size, size], seed=[0, 1]), dtype)
        multiply = tf.function(lambda one: tf.reduce_sum(one @ one))
        multiply(values).numpy()
        found = []
        for _ in range(REPETITIONS):
            started = time.perf_counter()
            multiply(values).numpy()
            found.append(2 * size**3 / (time.perf_counter() - started) / 1e9)
        rates[f"gemm_{dtype.name}"] = max(found)
        rates[f"gemm_{dtype.name}_median"] = statistics.median(found)
    return rates


def device_megabytes(device: str) -> dict[str, float]:
    """The peak memory on the GPU that TensorFlow counted; empty without one."""
    if device != "gpu":
        return {}
    import tensorflow as tf

    return {"peak_device_megabytes": tf.config.experimental.get_memory_info("GPU:0")["peak"] / 1024**2}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _memory_gigabytes() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3, 1)
    except (OSError, ValueError):
        return None


def _commit() -> str | None:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
