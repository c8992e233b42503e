"""What Azure ML's model data collector writes: JSON lines that carry lists of records.

modelDataCollector/{endpoint}/{deployment}/{collection}/{yyyy}/{MM}/{dd}/{HH}/*.jsonl;
a line is one request (or several): `data` holds its records, or `dataref` names the
file that does, where the payload was too large for a line.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from bot.signals.readers.beside import ROW_ID, beside
from bot.signals.readers.files import Files, short
from bot.signals.readers.spool import Notes, spooled
from bot.signals.readers.text import objects, tables

if TYPE_CHECKING:
    from bot.signals.columns import Frame

_COLLECTION = re.compile(r"(?:.*/)?([^/]+)/\d{4}/\d\d/\d\d/\d\d/[^/]+")
_MARKS = frozenset({"specversion", "collectdatatype", "correlationid", "contentrange"})


def is_collected(files: Files, paths: Sequence[str]) -> bool:
    """Return whether these JSON lines are the collector's, by the first line."""
    for path in _logs(paths)[:8]:
        first = next(iter(objects(files, path, Notes())), None)
        if first is not None:
            keys = {key.lower() for key in first}
            return len(keys & _MARKS) > 1 and bool(keys & {"data", "dataref"})
    return False


def frame(files: Files, paths: Sequence[str], *, row_ids: bool = False) -> "Frame":
    """Return the collected records as one table.

    What a deployment collects of a request lies in several folders, model_inputs and
    model_outputs above all; where both are there they stand in one row.

    Args:
        row_ids: also give each row its id, correlationid_index, to join labels by.
    """
    parts: dict[str, list[str]] = {}
    for path in paths:
        found = _COLLECTION.fullmatch(path)
        parts.setdefault(found[1] if found else "", []).append(path)
    if len(parts) == 1:
        return _of(files, paths, row_ids=row_ids)
    frames = {name: _of(files, some, row_ids=True) for name, some in parts.items()}
    return beside(frames, row_ids=row_ids)


def _of(files: Files, paths: Sequence[str], *, row_ids: bool) -> "Frame":
    notes = Notes()
    records = _records(files, paths, notes)
    rows = ({**r, ROW_ID: i} if row_ids else r for i, r in records)
    return spooled(tables(rows, notes), notes)


def _records(
    files: Files, paths: Sequence[str], notes: Notes
) -> Iterator[tuple[str, dict[str, Any]]]:
    there = False
    for path in _logs(paths):
        for line in objects(files, path, notes):
            for row_id, record in _of_line(files, path, line, notes):
                there = True
                yield row_id, record
    if not there:
        notes.said["the collector's files hold no record"] = None


def _logs(paths: Sequence[str]) -> Sequence[str]:
    """Return the files of lines; a .json beside them is a payload that one refers to."""
    return [path for path in paths if not path.endswith(".json")] or paths


def _of_line(
    files: Files, path: str, line: dict[str, Any], notes: Notes
) -> Iterator[tuple[str, dict[str, Any]]]:
    lower = {key.lower(): value for key, value in line.items()}
    data = lower.get("data")
    if data is None and lower.get("dataref"):
        data = _referred(files, path, str(lower["dataref"]))
    if isinstance(data, str):
        data = _parsed(data)
    records = [data] if isinstance(data, dict) else data
    if not isinstance(records, list):
        notes.lost(short([path]))
        return
    request = str(lower.get("correlationid") or lower.get("id") or "")
    for index, record in enumerate(records):
        if isinstance(record, dict):
            yield f"{request}_{index}", record
        else:
            yield f"{request}_{index}", {"value": record}


def _referred(files: Files, path: str, reference: str) -> Any:
    """Return the payload beside the line's file, found by the last part of its name."""
    name = PurePosixPath(reference.partition("?")[0]).name
    for folder in PurePosixPath(path).parents[:2]:
        candidate = str(folder / name)
        if name and files.exists(candidate):
            return _parsed(files.bytes(candidate))
    return None


def _parsed(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
