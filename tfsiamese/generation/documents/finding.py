"""The files of documents that paths, folders and shell patterns name."""

import errno
import glob
import os
import re
import stat
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
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
# What os.stat says of names that lead to nothing.
_MISSING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})


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
        unreadable: what was named and is no document, and files and folders that cannot be opened.
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
    would be called the same, folders above them are put in front until they differ; where that does not help, the later
    one gets a number, as in "a b.txt (2)".

    Args:
        paths: a file, a folder or a shell pattern (with *, ?, [] and **), or several of these.

    Raises:
        DataError: a path does not exist or cannot be reached, a pattern fits nothing, or no file of a known format
            was found.
    """
    listed = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    search = _Search()
    for path in listed:
        search.add(os.fspath(path))
    if not search.found:
        received = ", ".join(map(str, listed)) or "no path"
        raise DataError(
            f"There is no document in {received}. Expected a file of one of the suffixes {', '.join(FORMATS)}, or a "
            f"folder with such files.{_example(search.unreadable)}"
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
        try:
            kind, problem = _kind(path), None
        except OSError as error:
            kind, problem = "missing", error
        if kind != "missing":
            self._add(path, path if kind == "folder" else path.parent, named=True)
            return
        # Path.glob takes no absolute pattern.
        is_pattern = _PATTERN.search(given) is not None
        matches = sorted(map(Path, glob.glob(str(path), recursive=True))) if is_pattern else []  # noqa: PTH207
        if problem is not None and not matches:
            raise DataError(f"{given} cannot be reached: {_cause(problem)}") from problem
        if not is_pattern:
            raise DataError(f"{given} does not exist. Expected a file or a folder of documents: check the path.")
        if not matches:
            raise DataError(f"The pattern {given} fits no file. Check it; ** stands for any number of folders.")
        base = _fixed_part(path)
        for match in matches:
            if not _is_hidden(match.name):
                self._add(match, base, named=False)

    def _add(self, path: Path, base: Path, named: bool) -> None:
        waiting = [path]
        while waiting:
            each = waiting.pop()
            try:
                kind = _kind(each)
                if kind == "folder":
                    waiting += self._inside(each)
                else:
                    self._add_file(each, base, kind, named and each is path)
            except OSError as error:
                source = each.relative_to(base).as_posix() if each != base else each.name
                self.unreadable.append(UnreadableFile(_printable(source), f"it cannot be opened: {_cause(error)}"))

    def _inside(self, folder: Path) -> list[Path]:
        """What a folder holds, the last name first; nothing for one that was searched before."""
        real = os.path.realpath(folder)
        if real in self._seen:
            return []
        self._seen.add(real)
        return sorted((each for each in folder.iterdir() if not _is_hidden(each.name)), reverse=True)

    def _add_file(self, path: Path, base: Path, kind: str, named: bool) -> None:
        real = os.path.realpath(path)
        if real in self._seen:
            return
        self._seen.add(real)
        suffix = path.suffix.lower()
        if kind == "special":
            self.unreadable.append(UnreadableFile(_printable(path.name), "neither a file nor a folder."))
        elif suffix in FORMATS:
            self.found.append((path, len(path.parts) - len(base.parts), named))
        elif named:
            known = ", ".join(FORMATS)
            reason = f"no known format of documents: expected one of the suffixes {known}."
            self.unreadable.append(UnreadableFile(_printable(path.name), reason))
        else:
            self.passed_over[suffix] += 1


def _kind(path: Path) -> str:
    """One of "file", "folder", "special" and "missing"; OSErrors that say something else are raised."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if error.errno in _MISSING:
            return "missing"
        raise
    except ValueError:  # a NUL in the name
        return "missing"
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "special"


def _cause(error: OSError) -> str:
    return f"{error.strerror or error}. Check its permissions and those of the folders above it."


def _example(unreadable: list[UnreadableFile]) -> str:
    """The first of what was found and could not be taken, as a sentence to add."""
    return f" {unreadable[0].source}: {unreadable[0].reason}" if unreadable else ""


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
    whole = [_printable("/".join(own)) for own in parts]
    while True:
        sources = [_printable("/".join(own[-depth:])) for own, depth in zip(parts, depths, strict=True)]
        called: defaultdict[str, set[str]] = defaultdict(set)
        for source, name in zip(sources, whole, strict=True):
            called[source].add(name)
        # Of names that are alike up to the root, nothing is gained by more folders.
        alike = [
            place
            for place, source in enumerate(sources)
            if len(called[source]) > 1 and depths[place] < len(parts[place])
        ]
        if not alike:
            return _numbered(sources)
        for place in alike:
            depths[place] += 1


def _numbered(sources: list[str]) -> list[str]:
    """Each source once: the first of several keeps its name, later ones get the next number that is free."""
    taken, seen = set(sources), set[str]()
    numbers: Counter[str] = Counter()
    numbered = []
    for source in sources:
        name = source
        while name in seen or (name != source and name in taken):
            numbers[source] += 1
            name = f"{source} ({numbers[source] + 1})"
        seen.add(name)
        numbered.append(name)
    return numbered


def _printable(name: str) -> str:
    """A name without line breaks, and without bytes that are no UTF-8."""
    return clean_line(os.fsencode(name).decode("utf-8", errors="replace"))
