"""Which files are there, and what they hold, by their names."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

KINDS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
_PACKED = (".gz", ".bz2")


class Unreadable(ValueError):
    """There is nothing to read, for a reason that fits one line."""


@dataclass(frozen=True, slots=True)
class Files:
    """A file system of `pyarrow.fs`.

    A closed one is left for no other, whatever a file in it names: who reads for
    others must not open what a stranger's file points to.
    """

    system: Any
    closed: bool = False

    def bytes(self, path: str) -> bytes:
        with self.system.open_input_stream(path) as stream:
            content: bytes = stream.read()
        return content

    def stream(self, path: str) -> "pa.NativeFile":
        return self.system.open_input_stream(path)

    def seekable(self, path: str) -> "pa.NativeFile":
        return self.system.open_input_file(path)

    def under(self, folder: str) -> list[str]:
        """Return the files below `folder`, in order, hidden ones left out."""
        from pyarrow import fs  # noqa: PLC0415

        found = self.system.get_file_info(fs.FileSelector(folder, recursive=True))
        root = PurePosixPath(folder)
        return sorted(
            info.path
            for info in found
            if info.type == fs.FileType.File and not _hidden(info.path, root)
        )

    def exists(self, path: str) -> bool:
        from pyarrow import fs  # noqa: PLC0415

        return bool(self.system.get_file_info(path).type == fs.FileType.File)


def _hidden(path: str, root: PurePosixPath) -> bool:
    own = PurePosixPath(path)
    parts = own.relative_to(root).parts if own.is_relative_to(root) else own.parts
    return any(part.startswith((".", "_")) for part in parts)


@dataclass(frozen=True, slots=True)
class Found:
    """The files of one table, all of one kind; or the MLTable file that names them."""

    kind: str
    paths: tuple[str, ...]
    mltable: str = ""


def kind_of(path: str) -> str:
    """Return what a file holds by its name, or "".

    >>> kind_of("a/b.csv.gz"), kind_of("a/README")
    ('csv', '')
    """
    pure = PurePosixPath(path.lower())
    if pure.suffix in _PACKED:
        pure = pure.with_suffix("")
    return KINDS.get(pure.suffix, "")


def content(where: str) -> bytes:
    """Return what a file holds that is no table.

    Raises:
        Unreadable: there is no such file.
    """
    files, path, is_file = _reached(where, None)
    if not is_file:
        raise Unreadable(f"{where}: a folder, not a file")
    return files.bytes(path)


def find(where: str, filesystem: Any = None) -> tuple[Files, Found]:
    """Return the files of the table at `where`.

    Raises:
        Unreadable: there is no such file, or none that can be read.
    """
    files, path, is_file = _reached(where, filesystem)
    return files, _file(path) if is_file else _folder(files, path)


def _reached(where: str, filesystem: Any) -> tuple[Files, str, bool]:
    """Return the file system, the path in it, and whether a file is there."""
    from pyarrow import fs  # noqa: PLC0415
    from pyarrow.lib import ArrowException  # noqa: PLC0415

    address, closed = where, filesystem is not None
    try:
        if filesystem is None and "://" in where:
            filesystem, where = fs.FileSystem.from_uri(where)
        files = Files(filesystem or fs.LocalFileSystem(), closed)
        info = files.system.get_file_info(where)
    except (OSError, ValueError, ArrowException) as error:
        raise Unreadable(f"{address}: cannot be reached") from error
    if info.type == fs.FileType.NotFound:
        raise Unreadable(f"{where}: no such file or folder")
    return files, where, info.type == fs.FileType.File


def _file(path: str) -> Found:
    if PurePosixPath(path).name == "MLTable":
        return Found("mltable", (), path)
    kind = kind_of(path)
    if not kind:
        known = ", ".join(sorted(KINDS))
        raise Unreadable(f"{path}: what is in it? The name ends in none of {known}")
    return Found(kind, (path,))


def _folder(files: Files, folder: str) -> Found:
    paths = files.under(folder)
    description = f"{folder.rstrip('/')}/MLTable"
    if description in paths:
        return Found("mltable", (), description)
    by_kind: dict[str, list[str]] = {}
    for path in paths:
        by_kind.setdefault(kind_of(path), []).append(path)
    by_kind.pop("", None)
    if not by_kind:
        raise Unreadable(f"{folder}: no Parquet, CSV or JSON lines file is in it")
    kind = max(by_kind, key=lambda name: len(by_kind[name]))
    return Found(kind, tuple(by_kind[kind]))


def short(paths: Sequence[str]) -> str:
    return PurePosixPath(paths[0]).name if paths else "no file"
