"""What the model data collector leaves in Blob Storage: JSON lines, or CSV, by the hour."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import pyarrow as pa

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


def _read(blobs: Iterable[Blob]) -> tuple[pa.Table, tuple[str, ...]]:
    """Return the rows of some blobs, put where the engine's readers find them."""
    with TemporaryDirectory(prefix="watchkeeper-") as folder:
        for path, _, content in blobs:
            place = _below(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        frame = readers.read(folder)
        columns = {name: frame.column(name) for name in frame.names}
        notes = tuple(str(note) for note in getattr(frame, "findings", ()))
        return pa.table(columns), tuple(note.replace(folder, "") for note in notes)


def _below(folder: str, path: str) -> Path:
    """Return a place inside `folder`; a blob's name may hold "..", or begin with "/"."""
    parts = [p for p in PurePosixPath(path).parts if p not in ("/", "..", ".")]
    return Path(folder, *parts)
