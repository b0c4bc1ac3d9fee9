"""The files of documents that paths, folders and shell patterns name."""

import glob
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tfsiamese.errors import DataError
from tfsiamese.generation.documents.clean_text import clean_line
from tfsiamese.generation.documents.formats import FORMATS
from tfsiamese.generation.documents.unreadable import UnreadableFile

__all__ = ["DocumentFile", "DocumentFiles", "Paths", "find_documents"]

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

_PATTERN = re.compile(r"[*?\[]")
_NUM_SUFFIXES_NAMED = 5


@dataclass(frozen=True)
class DocumentFile:
    """A file to read.

    Attributes:
        path: where it is.
        source: what the document is called: the path below the folder that was given, with "/", or the file's name.
        named: whether the file itself was given, rather than a folder or a pattern.
    """

    path: Path
    source: str
    named: bool = False


@dataclass(frozen=True)
class DocumentFiles:
    """What `find_documents` found.

    Attributes:
        files: in the order of what was given, those of a folder sorted by their paths.
        unreadable: what was named and is no document, and folders that cannot be listed.
        passed_over: how many files of other kinds stand in the folders, by suffix; "" for files without one.
    """

    files: tuple[DocumentFile, ...]
    unreadable: tuple[UnreadableFile, ...] = ()
    passed_over: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.files)

    def describe_passed_over(self) -> str:
        """Such as "12 files of other kinds passed over (.png 10, .css 2)"; "" where there was none."""
        total = sum(self.passed_over.values())
        if not total:
            return ""
        counts = Counter(self.passed_over).most_common()
        named = [f"{suffix or 'no suffix'} {count}" for suffix, count in counts[:_NUM_SUFFIXES_NAMED]]
        if len(counts) > _NUM_SUFFIXES_NAMED:
            named.append("…")
        return f"{total} file{'s' * (total > 1)} of other kinds passed over ({', '.join(named)})"


def find_documents(paths: Paths) -> DocumentFiles:
    """Finds the files of known formats.

    Folders are searched with all their subfolders; names in them that begin with a dot or with Word's "~$" are
    passed over, and links are followed. A file that is found twice, by a link too, is taken once. Where two files
    would be called the same, folders above them are put in front until they differ.

    Args:
        paths: a file, a folder or a shell pattern (with *, ?, [] and **), or several of these.

    Raises:
        DataError: a path does not exist, a pattern fits nothing, or no file of a known format was found.
    """
    listed = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    search = _Search()
    for path in listed:
        search.add(os.fspath(path))
    if not search.found:
        received = ", ".join(map(str, listed)) or "no path"
        raise DataError(
            f"There is no document in {received}. Expected a file of one of the suffixes {', '.join(FORMATS)}, or a "
            "folder with such files."
        )
    sources = _sources([(path, depth) for path, depth, _ in search.found])
    files = [DocumentFile(path, source, named) for (path, _, named), source in zip(search.found, sources, strict=True)]
    return DocumentFiles(tuple(files), tuple(search.unreadable), dict(search.passed_over))


class _Search:
    """Collects files as (path, how many parts of it make its source, whether it was named)."""

    def __init__(self) -> None:
        self.found: list[tuple[Path, int, bool]] = []
        self.unreadable: list[UnreadableFile] = []
        self.passed_over: Counter[str] = Counter()
        self._seen: set[str] = set()

    def add(self, given: str) -> None:
        path = Path(given).expanduser()
        if _exists(path):
            self._add(path, path if path.is_dir() else path.parent, named=True)
            return
        if not _PATTERN.search(given):
            raise DataError(f"{given} does not exist. Expected a file or a folder of documents: check the path.")
        pattern = str(path)
        matches = sorted(map(Path, glob.glob(pattern, recursive=True)))  # noqa: PTH207  Path.glob takes no absolute one
        if not matches:
            raise DataError(f"The pattern {given} fits no file. Check it; ** stands for any number of folders.")
        base = _fixed_part(Path(pattern))
        for match in matches:
            if not _is_hidden(match.name):
                self._add(match, base, named=False)

    def _add(self, path: Path, base: Path, named: bool) -> None:
        if path.is_dir():
            for below in self._below(path, base):
                self._add_file(below, base, named=False)
        else:
            self._add_file(path, base, named)

    def _add_file(self, path: Path, base: Path, named: bool) -> None:
        real = os.path.realpath(path)
        if real in self._seen:
            return
        self._seen.add(real)
        suffix = path.suffix.lower()
        if _exists(path) and not path.is_file():
            self.unreadable.append(UnreadableFile(_printable(path.name), "neither a file nor a folder."))
        elif suffix in FORMATS:
            self.found.append((path, len(path.parts) - len(base.parts), named))
        elif named:
            known = ", ".join(FORMATS)
            reason = f"no known format of documents: expected one of the suffixes {known}."
            self.unreadable.append(UnreadableFile(_printable(path.name), reason))
        else:
            self.passed_over[suffix] += 1

    def _below(self, folder: Path, base: Path) -> Iterator[Path]:
        """Yields the files below a folder, sorted by their names, a folder's in its place among them."""
        waiting = [folder]
        while waiting:
            path = waiting.pop()
            if not path.is_dir():
                yield path
                continue
            real = os.path.realpath(path)
            if real in self._seen:
                continue
            self._seen.add(real)
            try:
                inside = sorted((each for each in path.iterdir() if not _is_hidden(each.name)), reverse=True)
            except OSError as error:
                source = _printable(path.relative_to(base).as_posix() if path != base else path.name)
                reason = f"the folder cannot be listed: {error.strerror}. Check its permissions."
                self.unreadable.append(UnreadableFile(source, reason))
                continue
            waiting += inside


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # such as a name that is too long
        return False


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$"))


def _fixed_part(pattern: Path) -> Path:
    """The folder above the first part of a pattern that stands for several names."""
    parts = pattern.parts
    first = next(place for place, part in enumerate(parts) if _PATTERN.search(part))
    return Path(*parts[:first])


def _sources(found: list[tuple[Path, int]]) -> list[str]:
    """The last parts of each path: those below what was given, and as many more as tell files apart."""
    # Path.resolve would follow links, and call a file by a name that nobody gave.
    parts = [Path(os.path.abspath(path)).parts[1:] for path, _ in found]  # noqa: PTH100
    depths = [depth for _, depth in found]
    while True:
        sources = ["/".join(own[-depth:]) for own, depth in zip(parts, depths, strict=True)]
        counts = Counter(sources)
        alike = [
            place for place, source in enumerate(sources) if counts[source] > 1 and depths[place] < len(parts[place])
        ]
        if not alike:
            return list(map(_printable, sources))
        for place in alike:
            depths[place] += 1


def _printable(name: str) -> str:
    """A name without line breaks, and without bytes that are no UTF-8."""
    return clean_line(os.fsencode(name).decode("utf-8", errors="replace"))
