"""The worker of `benchmark_scale.py`: opens a stream, reads an epoch, trains some steps, and notes the memory."""

import time
from pathlib import Path
from typing import Any

from benchmark_machine import device_megabytes
from benchmark_rounds import Figures, describe_steps, peak_megabytes

__all__ = ["measure"]

WARM_UP = 2

Job = dict[str, Any]


def measure(job: Job) -> Figures:
    """What a worker measures, or makes."""
    if job["work"] == "make":
        from scale_texts import write_pairs

        started = time.perf_counter()
        paths = write_pairs(Path(job["folder"]), job["pairs"], job["form"], job["shape"])
        size = sum(Path(path).stat().st_size for path in paths)
        return {"paths": paths, "file_megabytes": size / 1024**2, "make_seconds": time.perf_counter() - started}
    return measure_stream(job)


def measure_stream(job: Job) -> Figures:
    import tfsiamese as ts

    encoder = ts.load_encoder(job["encoder"])
    encoder.encode(["a text", "and another one"])
    figures: Figures = {"loaded_megabytes": peak_megabytes()}
    for name in ("open_seconds", "reopen_seconds"):
        started = time.perf_counter()
        examples = ts.stream_examples(job["paths"], cache=job["cache"])
        figures[name] = time.perf_counter() - started
    figures |= {"rows": len(examples), "open_megabytes": peak_megabytes()}
    figures |= read_epoch(ts.Siamese(encoder, head="cosine"), examples, job)
    figures["read_megabytes"] = peak_megabytes()
    figures |= train(ts.Siamese(encoder, head="cosine"), examples, job)
    return figures | device_megabytes(job["device"])


def read_epoch(model: Any, examples: Any, job: Job) -> Figures:
    """All batches of an epoch, in the order and with the texts that training has."""
    from tfsiamese.training.plan import TrainingPlan
    from tfsiamese.training.tasks import make_tasks, settings_for

    started = time.perf_counter()
    tasks = make_tasks(examples)
    plan = TrainingPlan(model, tasks, settings_for(tasks, {"batch_size": job["batch_size"], "batching": "shuffled"}))
    rows, first = 0, 0.0
    for _, batch in plan.batches.epoch(0):
        rows += batch.num_rows
        first = first or time.perf_counter() - started
    seconds = time.perf_counter() - started
    return {"rows_read": rows, "first_batch_seconds": first, "rows_per_second": rows / seconds}


def train(model: Any, examples: Any, job: Job) -> Figures:
    from step_clock import StepClock, until_enough

    import tfsiamese as ts

    clock = StepClock(most_steps=job["steps"] + WARM_UP)
    settings = {"batch_size": job["batch_size"], "batching": "shuffled", "epochs": 1 + job["steps"]}
    started = time.perf_counter()
    with until_enough():
        ts.fit(model, examples, callbacks=[clock], **settings)
    first = {"first_step_seconds": clock.steps[0].end - started} if clock.steps else {}
    return first | describe_steps(clock.steps, WARM_UP)
