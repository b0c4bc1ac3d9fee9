"""The folder that is served: of a model's versions, of one version, or of a run of training."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tfsiamese.errors import ServingError
from tfsiamese.servables.model_config import ModelConfig, read_model_config
from tfsiamese.servables.saved_model_file import GRAPH_FILE
from tfsiamese.servables.versions import version_folder, version_numbers

__all__ = ["Aspired", "ModelSource"]


@dataclass(frozen=True)
class Aspired:
    """What should be served.

    Attributes:
        folders: of each version, by its number.
        labels: the numbers for which labels stand.
    """

    folders: Mapping[int, Path]
    labels: Mapping[str, int]


@dataclass(frozen=True)
class ModelSource:
    """Where the versions of a model come from.

    Attributes:
        name: the model's name in URLs.
        base: the folder with `models.config` and the like.
        single: where the folder of one version was given, its number and its folder; then no other is served.
    """

    name: str
    base: Path
    single: tuple[int, Path] | None = None

    @classmethod
    def find(cls, folder: str | os.PathLike[str], name: str | None = None) -> "ModelSource":
        """What a folder holds.

        Args:
            folder: that of the versions, of one version, or of a run of training, whose `encoder` is served then.
            name: of the model, in place of the one in `models.config` or of the folder.

        Raises:
            ServingError: there is no version in the folder.
            ExportError: `models.config` is damaged.
        """
        given = Path(folder)
        own_name = given.resolve().name
        single = None
        if (given / GRAPH_FILE).is_file():
            number = int(own_name) if own_name.isascii() and own_name.isdigit() else None
            single = (1 if number is None else number, given)
            base = given if number is None else given.resolve().parent
            own_name = base.resolve().name
        else:
            is_run = not version_numbers(given) and version_numbers(given / "encoder")
            base = given / "encoder" if is_run else given
        if not single and not version_numbers(base):
            raise ServingError(
                f"{given} holds no version of a model. Expected folders such as {given / '1'} with a {GRAPH_FILE}; "
                "write one with `tfsiamese export E --out DIR`."
            )
        config = read_model_config(base)
        return cls(name or (config.name if config else own_name), base, single)

    def aspired(self) -> Aspired:
        """The versions that should be served now, by the policy of `models.config`; the newest alone without one.

        Raises:
            ExportError: `models.config` is damaged.
        """
        config = read_model_config(self.base) or ModelConfig(self.name, str(self.base))
        if self.single:
            number, folder = self.single
            labels = {label: version for label, version in config.labels.items() if version == number}
            return Aspired({number: folder}, labels)
        numbers = config.served(version_numbers(self.base))
        return Aspired({number: version_folder(self.base, number) for number in numbers}, dict(config.labels))
