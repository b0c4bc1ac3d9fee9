"""`models.config`: which model a server loads, which of its versions, and the labels of the versions.

The file is a `ModelServerConfig` protocol buffer in text format, see
https://github.com/tensorflow/serving/blob/master/tensorflow_serving/g3doc/serving_config.md.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from tfsiamese.errors import ExportError
from tfsiamese.files import publish_file

__all__ = [
    "MODEL_CONFIG_FILE",
    "ModelConfig",
    "check_model_config",
    "check_model_name",
    "read_model_config",
    "write_model_config",
]

MODEL_CONFIG_FILE = "models.config"

_HEADER = (
    "# Read by tensorflow_model_server --model_config_file; tfsiamese export writes the entry of this model anew.\n"
)


@dataclass(frozen=True)
class ModelConfig:
    """One model of `models.config`.

    Attributes:
        name: the name in the URLs of the server.
        base_path: the folder of the versions as the server sees it, an absolute path or a URI.
        versions: the versions to serve; None for the newest ones.
        labels: the names that stand for a version in URLs, such as `stable` and `canary`.
        newest: where `versions` is None, how many of the newest are served; None for all.
    """

    name: str
    base_path: str
    versions: tuple[int, ...] | None = None
    labels: Mapping[str, int] = field(default_factory=dict)
    newest: int | None = 1

    def with_labels(self, labels: Mapping[str, int], available: Sequence[int]) -> "ModelConfig":
        """The same model with other labels; served are the versions with a label and the newest of those available.

        Where there are no labels, before and after, those of `versions` that are available stay the ones served; with
        none of them, or once the last label is gone, the newest are.

        A server gives a label only to a version that it serves. One that is running moves a label to another version
        only once it has loaded that version, and until then refuses the whole configuration: let it load the version
        from a configuration in which the label has not moved yet, and move the label after that.
        """
        versions: tuple[int, ...] = ()
        if labels:
            versions = tuple(sorted({*labels.values(), *sorted(available)[-1:]}))
        elif not self.labels and self.versions is not None:
            versions = tuple(self.served(available))
        return replace(self, versions=versions or None, labels=dict(labels))

    def served(self, available: Sequence[int]) -> list[int]:
        """Which of the available versions TensorFlow Serving loads, ascending."""
        ascending = sorted(set(available))
        if self.versions is not None:
            return [number for number in ascending if number in self.versions]
        return ascending if self.newest is None else ascending[-self.newest :]


def check_model_name(name: str, what: str = "the model's name") -> None:
    """Refuses what cannot stand in the server's URLs.

    Raises:
        ExportError: the name is empty, begins with a dot or a dash, or holds something else than letters of ASCII,
            digits, "_", "-" and ".".
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name):
        raise ExportError(
            f'Expected {what} to consist of letters (a-z), digits, "_", "-" and ".", and to begin with a letter, a '
            f'digit or "_", since it stands in the server\'s URLs. Received: {name!r}.'
        )


def check_model_config(config: ModelConfig) -> None:
    """Refuses what no server takes.

    Raises:
        ExportError: a name or label cannot stand in a URL, the path is relative, no version is to be served, or a label
            is one of a version that is not.
    """
    check_model_name(config.name)
    if not re.match(r"/|[a-z][a-z0-9+.-]*://", config.base_path):
        raise ExportError(
            f"Expected the base path to be absolute, as TensorFlow Serving does. Received: {config.base_path!r}."
        )
    if config.versions is not None and not config.versions:
        raise ExportError("Expected at least one version to serve. Received none.")
    for label, version in config.labels.items():
        check_model_name(label, "a version's label")
        if config.versions is None or version not in config.versions:
            served = "the newest" if config.versions is None else f"{', '.join(map(str, sorted(config.versions)))}"
            raise ExportError(
                f"The label {label!r} is one of version {version}, but the versions served are: {served}. Expected "
                "each version with a label to be named among the versions to serve."
            )


def read_model_config(base: Path) -> ModelConfig | None:
    """The model's entry in `base/models.config`; None where there is no such file.

    Of several models it is the one that is named like the folder.

    Raises:
        ExportError: the file is damaged, or none of its several models is named like the folder.
    """
    content = _read(base)
    if content is None:
        return None
    return _from_entry(_entry(content, base), base)


def write_model_config(base: Path, config: ModelConfig) -> None:
    """Writes the model's entry into `base/models.config`, which changes in one step.

    What else the file holds, such as other models or a `logging_config`, stays.

    Raises:
        ExportError: no server takes the configuration, or the file that is there is damaged or cannot be replaced.
    """
    check_model_config(config)
    content = _read(base) or model_server_config_pb2.ModelServerConfig()
    models = content.model_config_list.config
    entry = _entry(content, base) if models else models.add()
    if any(other.name == config.name for other in models if other is not entry):
        raise ExportError(f"{base / MODEL_CONFIG_FILE} has another model {config.name!r}. Choose another name.")
    _fill(entry, config)
    try:
        with publish_file(base / MODEL_CONFIG_FILE) as temporary:
            temporary.write_text(_HEADER + text_format.MessageToString(content), encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{base / MODEL_CONFIG_FILE} cannot be written: {error.strerror or error}.") from error


def _fill(entry: model_server_config_pb2.ModelConfig, config: ModelConfig) -> None:
    entry.name, entry.base_path, entry.model_platform = config.name, config.base_path, "tensorflow"
    entry.ClearField("model_type")
    entry.ClearField("model_version_policy")
    entry.ClearField("version_labels")
    policy = entry.model_version_policy
    if config.versions is not None:
        policy.specific.versions.extend(sorted(set(config.versions)))
    elif config.newest is None:
        policy.all.SetInParent()
    else:
        policy.latest.num_versions = config.newest
    entry.version_labels.update(config.labels)


def _read(base: Path) -> model_server_config_pb2.ModelServerConfig | None:
    path = base / MODEL_CONFIG_FILE
    try:
        return text_format.Parse(path.read_text(encoding="utf-8"), model_server_config_pb2.ModelServerConfig())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, text_format.ParseError) as error:
        raise ExportError(
            f"{path} cannot be read as a ModelServerConfig in text format ({error}). Correct or delete the file."
        ) from error


def _entry(content: model_server_config_pb2.ModelServerConfig, base: Path) -> model_server_config_pb2.ModelConfig:
    models = content.model_config_list.config
    name = base.resolve().name
    named = models if len(models) == 1 else [model for model in models if model.name == name]
    if len(named) != 1:
        names = ", ".join(repr(model.name) for model in models) or "none"
        raise ExportError(
            f"{base / MODEL_CONFIG_FILE} has the models: {names}. Expected a single one, or one that is named like the "
            f"folder, {name!r}."
        )
    return named[0]


def _from_entry(entry: model_server_config_pb2.ModelConfig, base: Path) -> ModelConfig:
    if not entry.name:
        raise ExportError(f'{base / MODEL_CONFIG_FILE} has a model without a name. Give it one, such as name: "jobs".')
    policy = entry.model_version_policy
    kind = policy.WhichOneof("policy_choice")
    versions = tuple(policy.specific.versions) if kind == "specific" else None
    newest = None if kind == "all" else max(policy.latest.num_versions, 1)
    return ModelConfig(entry.name, entry.base_path, versions, dict(entry.version_labels), newest)
