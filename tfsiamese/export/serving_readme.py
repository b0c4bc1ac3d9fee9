"""`README.md` of a model's folder: what is in it, how it is served, and how it is asked."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from tfsiamese.export.server_command import GRPC_PORT, REST_PORT, docker_command, kubernetes_manifest, kubernetes_name
from tfsiamese.servables import METRICS_PATH, BatchingParameters, ModelConfig, SavedModelFile, Signature, TensorInfo

__all__ = ["MARK", "serving_readme"]

MARK = "<!-- Written by tfsiamese export, and again at the next export. -->"

_EXAMPLES = ("nurse", "data scientist", "hospital nurse", "machine learning engineer")
_EXAMPLE_ROWS = 2


def serving_readme(
    config: ModelConfig,
    batching: BatchingParameters,
    model: SavedModelFile,
    versions: Sequence[int],
) -> str:
    """The text of the README, in Markdown.

    Args:
        config: the model's name, path and labels.
        batching: how the server forms batches.
        model: the newest version that is served.
        versions: all versions there are, ascending.
    """
    url = f"http://localhost:{REST_PORT}/v1/models/{config.name}"
    parts = [
        _opening(config, batching, model, versions),
        _starting(config),
        _asking(url, model.signatures, batching),
        _versions(config, url, versions),
        _watching(url),
    ]
    return f"{MARK}\n" + "\n".join(parts)


def _opening(config: ModelConfig, batching: BatchingParameters, model: SavedModelFile, versions: Sequence[int]) -> str:
    newest = config.served(versions)[-1]
    sizes = [str(size) for size in batching.allowed_batch_sizes]
    padded = f", padded to {', '.join(sizes)}" if sizes else ""
    rows = f"up to {batching.max_batch_size} rows{padded}, waiting {batching.batch_timeout_micros / 1000:g} ms at most"
    written = f", written with TensorFlow {model.tensorflow_version}" if model.tensorflow_version else ""
    return f"""\
# {config.name}
Text encoder for TensorFlow Serving: strings in, vectors and similarities out. The newest version served is
{newest}{written}.

| file | what it is |
|---|---|
| `{newest}/` and other numbers | the versions: SavedModels, with warm-up requests and metadata in `assets.extra/` |
| `models.config` | the model's name and its path in the server, {config.base_path}; versions served, labels |
| `batching_parameters.txt` | batches of concurrent requests: {rows} |
| `monitoring.config` | metrics for Prometheus |
"""


def _starting(config: ModelConfig) -> str:
    return f"""\
## Start
With docker, in this folder:
```sh
{docker_command(config)}
```
On Kubernetes, with a volume claim `{kubernetes_name(config.name)}` that holds the content of this folder:
```yaml
{kubernetes_manifest(config)}```
Put this into a file and give that to `kubectl apply -f`. If the server names an op or an attribute that it does not
know, take an image of a later version.
"""


def _asking(url: str, signatures: Mapping[str, Signature], batching: BatchingParameters) -> str:
    rows = [_table_row(name, signature) for name, signature in _ordered(signatures)]
    requests = [_requests(url, name, signature) for name, signature in _ordered(signatures) if signature.takes_texts]
    table = "\n".join(rows)
    return f"""\
## Ask
Every input and output has a leading batch dimension. REST is on port {REST_PORT}, gRPC on port {GRPC_PORT}. A request
holds at most {batching.max_batch_size} rows; the server refuses a larger one.

| signature | inputs | outputs |
|---|---|---|
{table}

{"".join(requests).rstrip()}
"""


def _ordered(signatures: Mapping[str, Signature]) -> list[tuple[str, Signature]]:
    """`serving_default` first, the others by name."""
    return sorted(signatures.items(), key=lambda item: (item[0] != "serving_default", item[0]))


def _table_row(name: str, signature: Signature) -> str:
    inputs, outputs = (
        ", ".join(f"`{key}` {_described(info)}" for key, info in side.items())
        for side in (signature.inputs, signature.outputs)
    )
    return f"| `{name}` | {inputs} | {outputs} |"


def _described(info: TensorInfo) -> str:
    if info.shape is None:
        return info.dtype
    first, *others = ["batch" if size is None else str(size) for size in info.shape] or [""]
    sizes = [first, *("any" if size == "batch" else size for size in others)]
    return f"{info.dtype} [{', '.join(sizes)}]"


def _requests(url: str, name: str, signature: Signature) -> str:
    columns = _example_columns(list(signature.inputs))
    only = next(iter(columns.values())) if len(columns) == 1 else None
    rows = [{key: texts[row] for key, texts in columns.items()} for row in range(_EXAMPLE_ROWS)]
    chosen = {} if name == "serving_default" else {"signature_name": name}
    by_row = {**chosen, "instances": only or rows}
    by_column = {**chosen, "inputs": only or columns}
    return f"""\
`{name}`, in rows and in columns:
```sh
{_curl(url, by_row)}
{_curl(url, by_column)}
```
"""


def _example_columns(names: Sequence[str]) -> dict[str, list[str]]:
    """Two texts for each input: an occupation in the first, another name for it in the second."""
    columns = {}
    for index, name in enumerate(names):
        start = index * _EXAMPLE_ROWS % len(_EXAMPLES)
        columns[name] = list(_EXAMPLES[start : start + _EXAMPLE_ROWS])
    return columns


def _curl(url: str, body: Mapping[str, Any]) -> str:
    return f"curl -d {shlex.quote(json.dumps(body))} {url}:predict"


def _versions(config: ModelConfig, url: str, versions: Sequence[int]) -> str:
    served = ", ".join(str(number) for number in config.served(versions))
    labels = ", ".join(f"`{label}` is version {number}" for label, number in sorted(config.labels.items()))
    label = next(iter(sorted(config.labels)), "stable")
    return f"""\
## Versions and labels
Served: {served}. Labels: {labels or "none"}. Without a version in the URL the newest that is served answers.
A version is asked for as `{url}/versions/{config.served(versions)[-1]}:predict`,
a label as `{url}/labels/{label}:predict`.

An export writes a version under another name and renames it when it is complete, so that a running server sees whole
versions only. It loads the new version, runs its warm-up requests, and only then takes the old one away. A label that
is in use moves only to a version that the server has loaded: export first, and move the label when
`curl {url}` shows the version as AVAILABLE: `tfsiamese label DIR stable 2`, with this folder for DIR.
"""


def _watching(url: str) -> str:
    host = url.split("/v1/", 1)[0]
    return f"""\
## Watch
```sh
curl {url}
curl {url}/metadata
curl {host}{METRICS_PATH}
```
"""
