"""Public data sets: where they come from, under which terms, and how to know that they arrived unharmed."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tfsiamese.errors import DownloadError, SettingsError
from tfsiamese.evaluation.verified_download import VerifiedFile, download_file, file_is_intact
from tfsiamese.files import cache_folder

__all__ = ["PUBLIC_DATA", "PublicData", "fetch_data"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PublicData:
    """A data set that anyone can fetch.

    Attributes:
        name: what `fetch_data` calls it.
        description: what it is and what it is for.
        homepage: where its authors describe it.
        base_url: the address of its files, without the file's name.
        licence: its terms, in a sentence.
        attribution: whom to name when it is used.
        files: what belongs to it.
    """

    name: str
    description: str
    homepage: str
    base_url: str
    licence: str
    attribution: str
    files: tuple[VerifiedFile, ...]


_STSB = PublicData(
    name="stsb",
    description="STS Benchmark: pairs of sentences with human scores from 0 to 5; English, German, Japanese",
    homepage="https://github.com/PhilipMay/stsb-multi-mt",
    base_url="https://raw.githubusercontent.com/PhilipMay/stsb-multi-mt/main/data",
    licence=(
        "scores CC BY-SA 4.0, texts under the licences of their sources; see "
        "https://github.com/PhilipMay/stsb-multi-mt/blob/main/LICENSE"
    ),
    attribution=(
        "Cer et al., SemEval-2017 Task 1, arXiv:1708.00055; translations by Philip May, stsb-multi-mt, 2021, with DeepL"
    ),
    files=(
        VerifiedFile("stsb-en-train.csv", 708_863, "e1e84fec60bbb598735552f54a35f4949904a484750fd2cb11e2720e49f63da6"),
        VerifiedFile("stsb-en-dev.csv", 204_675, "d29586e96558c4eb52cf5ea5d14e9c24d3bf0e44f111b017caba43a5adc33226"),
        VerifiedFile("stsb-en-test.csv", 158_891, "11523b625219e94e9ca05d2816b5f02cac1614c5894fe657376fa0806378d053"),
        VerifiedFile("stsb-de-dev.csv", 242_726, "40ddf84ce3d2dfb957e11687edea30e5567c542219998f906ee552cfd3ef6769"),
        VerifiedFile("stsb-de-test.csv", 188_602, "a92ce1015b201a342784ab7e34e024ceb0a0eeb479231fbadd05f756afb817fd"),
        VerifiedFile("stsb-ja-dev.csv", 266_161, "ae4a1da6a8df882ad1bf7a822456730188327c21e4ed0a3aec428e05cbaeb2f2"),
        VerifiedFile("stsb-ja-test.csv", 210_014, "5ab39526aa6fb3c275f46310d807956dd5c0721fcd0a2687545287bba739b589"),
    ),
)

PUBLIC_DATA: Mapping[str, PublicData] = MappingProxyType({data.name: data for data in (_STSB,)})


def fetch_data(name: str, *, cache: str | os.PathLike[str] | None = None, base_url: str | None = None) -> Path:
    """Fetches a public data set into the cache. Files that are there already and intact are not fetched again.

    Args:
        name: a key of `PUBLIC_DATA`, such as "stsb".
        cache: the cache folder; `tfsiamese.files.cache_folder()` by default.
        base_url: the address of a mirror that holds the same files.

    Returns:
        The folder of the files, `<cache>/data/<name>`.

    Raises:
        SettingsError: there is no data set of that name.
        DownloadError: a file could not be fetched, written, or is not the expected one. The files fetched before it
            stay.
    """
    if name not in PUBLIC_DATA:
        raise SettingsError(f"Unknown data set {name!r}. Expected one of {', '.join(PUBLIC_DATA)}.")
    data = PUBLIC_DATA[name]
    folder = (cache_folder() if cache is None else Path(cache)) / "data" / data.name
    missing = [file for file in data.files if not _is_there(file, folder)]
    if missing:
        logger.info(
            "%s. Licence: %s. Source: %s (%s).", data.description, data.licence, data.homepage, data.attribution
        )
    for file in missing:
        _fetch(file, f"{(base_url or data.base_url).rstrip('/')}/{file.name}", folder)
    return folder


def _is_there(file: VerifiedFile, folder: Path) -> bool:
    path = folder / file.name
    if file_is_intact(file, path):
        return True
    if path.exists():
        logger.warning("%s is not the file that was expected there, and is fetched again.", path)
    return False


def _fetch(file: VerifiedFile, url: str, folder: Path) -> None:
    logger.info("Fetching %s", url)
    try:
        download_file(file, url, folder / file.name)
    except DownloadError as error:
        raise DownloadError(
            f"{error} Without a network, put {file.name} (sha256 {file.sha256}) into {folder} by hand, or give the "
            "path of your own copy where a file is asked for."
        ) from error
