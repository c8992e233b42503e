"""Where the content of a SQLite file lies: the bytes that a query of a table can see.

After SQLite's description of its file format, sections 1.6 and 2.1. The rest of a page
is head, pointers, and space that nothing uses.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

PAGE = 4096
_TABLE, _INDEX = 0x0D, 0x0A


def content(file: Path, tables: set[str]) -> list[int]:
    """Return the offsets of all bytes of rows and index entries of `tables`."""
    db = sqlite3.connect(file)
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        query = "SELECT name, tbl_name FROM sqlite_master"
        marks = [name for name, table in db.execute(query) if table in tables]
        where = ",".join("?" * len(marks))
        query = (
            f"SELECT pageno FROM dbstat WHERE name IN ({where}) AND pagetype = 'leaf'"  # noqa: S608
        )
        pages = [row[0] for row in db.execute(query, marks)]
    finally:
        db.close()
    raw = file.read_bytes()
    return sorted({place for page in pages for place in _leaf(raw, page)})


def _leaf(raw: bytes, page: int) -> Iterator[int]:
    start = (page - 1) * PAGE
    head = start + (100 if page == 1 else 0)
    kind = raw[head]
    for n in range(int.from_bytes(raw[head + 3 : head + 5])):
        pointer = head + 8 + 2 * n
        yield from (pointer, pointer + 1)
        cell = start + int.from_bytes(raw[pointer : pointer + 2])
        size, at = _varint(raw, cell)
        if kind == _TABLE:
            _, at = _varint(raw, at)
        local = _local(
            size, PAGE - 35 if kind == _TABLE else (PAGE - 12) * 64 // 255 - 23
        )
        yield from range(cell, at + local)
        if local < size:
            yield from range(at + local, at + local + 4)
            yield from _overflow(raw, at + local, size - local)


def _overflow(raw: bytes, pointer: int, left: int) -> Iterator[int]:
    while left > 0:
        start = (int.from_bytes(raw[pointer : pointer + 4]) - 1) * PAGE
        some = min(left, PAGE - 4)
        yield from range(start + 4, start + 4 + some)
        pointer, left = start, left - some


def _local(size: int, most: int) -> int:
    """Return how many bytes of a payload lie in the cell itself."""
    if size <= most:
        return size
    least = (PAGE - 12) * 32 // 255 - 23
    kept = least + (size - least) % (PAGE - 4)
    return kept if kept <= most else least


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """Return the number at a place, and the place behind it."""
    value = 0
    for n in range(8):
        byte = raw[at + n]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + n + 1
    return value << 8 | raw[at + 8], at + 9
