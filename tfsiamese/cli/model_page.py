"""The page about an exported model that a person reads."""

from collections.abc import Mapping
from typing import Any

__all__ = ["model_page"]

_INDENT = "  "
_MOST_METRICS = 4


def model_page(model: Mapping[str, Any]) -> str:
    """What `inspect_model` found, aligned for a terminal; `checked` too, where it is there."""
    sections = {
        "folder": [model["folder"]],
        "version": [_version(model)],
        **_about(model["metadata"]),
        "signatures": _signatures(model["signatures"]),
        "size": [_sizes(model["sizes"])],
        "variables": _variables(model["variables"]),
        "warm-up": _warmup(model["warmup"]),
        "beside it": _files(model["files"]),
        "checks": _checks(model),
        "problems": model["problems"] or ["none"],
    }
    width = max(map(len, sections)) + 2
    lines = [str(model["name"])]
    for title, content in sections.items():
        for number, line in enumerate(content):
            lines.append(f"{_INDENT}{title if number == 0 else '':{width}}{line}")
    return "\n".join(lines)


def _version(model: Mapping[str, Any]) -> str:
    if model["version"] is None:
        return "none: the folder's name is no number"
    versions = []
    for version in model["versions"]:
        notes = [*version["labels"], *([] if version["served"] else ["not served"])]
        versions.append(f"{version['version']} ({', '.join(notes)})" if notes else str(version["version"]))
    return f"{model['version']} of {', '.join(versions)}"


def _about(metadata: Any) -> dict[str, list[str]]:
    """The sections that come from the metadata; whatever is not there is left out."""
    if not isinstance(metadata, Mapping):
        return {"metadata": ["none"]}
    base, encoder, corpus = (_part(metadata, key) for key in ("base", "encoder", "corpus"))
    sections: dict[str, list[Any]] = {
        "created": [metadata.get("created")],
        "base": [_joined(base.get("source"), base and f"licence {base.get('licence') or 'unknown'}")],
        "encoder": [
            _joined(
                encoder.get("source"),
                encoder.get("dimension") and f"{encoder['dimension']} dimensions",
                encoder.get("precision"),
                encoder.get("max_length") and f"at most {encoder['max_length']} tokens",
                encoder.get("head") and f"{encoder['head']} head",
            )
        ],
        "prompts": [_joined(*(f"{name}: {text!r}" for name, text in _part(encoder, "prompts").items()))],
        "corpus": [_joined(corpus and f"{corpus.get('texts')} texts", corpus and f"top {corpus.get('top_k')}")],
        "metrics": _metrics(_part(metadata, "metrics")),
        "made with": [_joined(*(f"{name} {version}" for name, version in _part(metadata, "versions").items()))],
    }
    shown = {title: [str(line) for line in lines if line] for title, lines in sections.items()}
    return {title: lines for title, lines in shown.items() if lines}


def _metrics(metrics: Mapping[str, Any]) -> list[str]:
    lines = []
    export, vectors, training = (_part(metrics, key) for key in ("export", "vectors", "training"))
    if export:
        lines.append(
            f"{export.get('name')} {_number(export.get('exported'))}, in float32 {_number(export.get('float32'))}: "
            f"loss {_number(export.get('loss'))} of at most {export.get('tolerance')}"
        )
    if vectors:
        lines.append(
            f"cosine with float32 over {vectors.get('texts')} texts: mean {_number(vectors.get('mean_cosine'))}, "
            f"least {_number(vectors.get('min_cosine'))}"
        )
    before, after = _part(training, "before"), _part(training, "after")
    for name in list(after)[:_MOST_METRICS]:
        lines.append(f"{name} {_number(before.get(name))} before training, {_number(after[name])} after")
    return lines


def _signatures(signatures: Mapping[str, Any]) -> list[str]:
    width = max(map(len, signatures), default=0)
    return [
        f"{name:{width}}  {_tensors(signature['inputs'])} -> {_tensors(signature['outputs'])}"
        for name, signature in signatures.items()
    ] or ["none"]


def _tensors(tensors: Mapping[str, Any]) -> str:
    """Such as `cosine, score float32 [batch]`: tensors of one kind together."""
    kinds: dict[str, list[str]] = {}
    for name, info in tensors.items():
        shape = "of any rank" if info["shape"] is None else _shape(info["shape"])
        kinds.setdefault(f"{info['dtype']} {shape}", []).append(name)
    return ", ".join(f"{', '.join(names)} {kind}" for kind, names in kinds.items())


def _shape(sizes: list[int | None]) -> str:
    names = ["batch" if axis == 0 else "?" for axis in range(len(sizes))]
    return f"[{', '.join(name if size is None else str(size) for name, size in zip(names, sizes, strict=True))}]"


def _sizes(sizes: Mapping[str, int]) -> str:
    parts = [
        f"{part.replace('warmup', 'warm-up')} {_bytes(size)}"
        for part, size in sizes.items()
        if size and part != "total"
    ]
    return f"{_bytes(sizes['total'])}: {', '.join(parts)}"


def _variables(variables: Mapping[str, Any] | None) -> list[str]:
    if variables is None:
        return ["cannot be read"]
    kinds = [f"{it['number']} {dtype} {_bytes(it['bytes'])}" for dtype, it in variables["by_dtype"].items()]
    return [f"{variables['number']} of {_bytes(variables['bytes'])}" + (f": {', '.join(kinds)}" if kinds else "")]


def _warmup(warmup: Mapping[str, Any]) -> list[str]:
    alike: dict[str, list[str]] = {}
    for name, sizes in warmup["batch_sizes"].items():
        alike.setdefault(", ".join(str(size) for size in sizes), []).append(name)
    lines = [f"batches of {sizes}: {', '.join(names)}" for sizes, names in alike.items()]
    if warmup["others"]:
        lines.append(f"{warmup['others']} more of other kinds")
    return [f"{warmup['records']} records", *lines] if warmup["records"] or lines else ["none"]


def _files(files: Mapping[str, Any]) -> list[str]:
    there = [name for name, content in files.items() if content is not None]
    batching = files.get("batching_parameters.txt")
    lines = [", ".join(there) or "no configuration"]
    if batching:
        waiting = batching["batch_timeout_micros"] / 1000
        lines.append(f"batches of up to {batching['max_batch_size']} rows, waiting {waiting:g} ms")
    return lines


def _checks(model: Mapping[str, Any]) -> list[str]:
    lines = ["TensorFlow Serving has every op" if model["servable"] else "TensorFlow Serving cannot run it"]
    for checked in model.get("checked", ()):
        difference = checked["largest_difference"]
        lines.append(
            f"{checked['name']} ran in a fresh process ({1000 * checked['seconds']:.1f} ms for a batch)"
            + ("" if difference is None else f", alone and in a batch the same to {difference:.0e}")
        )
    return lines


def _part(parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, Mapping) else {}


def _joined(*parts: Any) -> str:
    return ", ".join(str(part) for part in parts if part)


def _number(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _bytes(size: int) -> str:
    """In decimal units, as disks and registries count."""
    number = float(size)
    for unit in ("bytes", "kB", "MB"):
        if number < 999.5:
            return f"{number:.0f} {unit}" if unit == "bytes" or number >= 99.5 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"
