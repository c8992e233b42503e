"""What the model data collector leaves in Blob Storage: JSON lines, or CSV, by the hour."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from pyarrow import fs

from bot.signals import readers

SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")
Blob = tuple[str, datetime | None, bytes]  # path, the hour that it names, content
Hours = tuple[tuple[datetime, int], ...]


def table(blobs: Sequence[Blob]) -> tuple[pa.Table, Hours, tuple[str, ...]]:
    """Return the rows of all blobs, how many are of which hour, and what was wrong.

    Raises:
        readers.Unreadable: nothing in them can be read.
    """
    by_hour: dict[datetime | None, list[Blob]] = {}
    for blob in blobs:
        by_hour.setdefault(blob[1], []).append(blob)
    try:
        found = [(at, *_read(some)) for at, some in by_hour.items()]
        whole = pa.concat_tables([t for _, t, _ in found], promote_options="permissive")
    except (pa.ArrowException, readers.Unreadable):
        # A column that changes its type, or an hour of damage alone: all at once.
        whole, wrong = _read(blobs)
        return whole, (), wrong
    wrong = tuple(dict.fromkeys(note for *_, notes in found for note in notes))
    hours = tuple((at, t.num_rows) for at, t, _ in found if at is not None)
    return whole, (hours if len(hours) == len(found) else ()), wrong


def described(
    blobs: Sequence[Blob], description: str
) -> tuple[pa.Table, tuple[str, ...]]:
    """Return the rows that an MLTable among the blobs describes, and what was wrong.

    Args:
        description: the path of the MLTable, which may name no file but those beside it.

    Raises:
        readers.Unreadable: it names others, or what it names cannot be read.
    """
    with _spooled(blobs) as folder:
        system = fs.SubTreeFileSystem(folder, fs.LocalFileSystem())
        own = _below("", description).as_posix()
        return _whole(readers.read(own, filesystem=system), folder)


def _read(blobs: Iterable[Blob]) -> tuple[pa.Table, tuple[str, ...]]:
    """Return the rows of some blobs."""
    with _spooled(blobs) as folder:
        return _whole(readers.read(folder), folder)


def _whole(frame: Any, folder: str) -> tuple[pa.Table, tuple[str, ...]]:
    columns = {name: frame.column(name) for name in frame.names}
    notes = tuple(str(note) for note in getattr(frame, "findings", ()))
    return pa.table(columns), tuple(note.replace(folder, "") for note in notes)


@contextmanager
def _spooled(blobs: Iterable[Blob]) -> Iterator[str]:
    """Put some blobs where the engine's readers find them."""
    with TemporaryDirectory(prefix="watchkeeper-") as folder:
        for path, _, content in blobs:
            place = _below(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        yield folder


def _below(folder: str, path: str) -> Path:
    """Return a place inside `folder`; a blob's name may hold "..", or begin with "/"."""
    parts = [p for p in PurePosixPath(path).parts if p not in ("/", "..", ".")]
    return Path(folder, *parts)
