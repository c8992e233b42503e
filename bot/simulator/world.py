"""The simulated world: JSON documents by kind and id, kept through a SIGKILL."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from aiohttp import web

Document: TypeAlias = dict[str, Any]


class World:
    """Documents by (kind, id), in order of their making; `put` outlives a kill."""

    def __init__(self, path: Path | None = None) -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(
            "PRAGMA synchronous=NORMAL"
        )  # survives a kill, not a power cut
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS document (kind TEXT, id TEXT, body TEXT, "
            "PRIMARY KEY (kind, id))"
        )
        self._documents: dict[str, dict[str, Document]] = {}
        rows = self._db.execute("SELECT kind, id, body FROM document ORDER BY rowid")
        for kind, key, body in rows:
            self._documents.setdefault(kind, {})[key] = json.loads(body)

    def put(self, kind: str, key: str, document: Document) -> Document:
        self._db.execute(
            "INSERT INTO document VALUES (?, ?, ?) "
            "ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            (kind, key, json.dumps(document)),
        )
        self._documents.setdefault(kind, {})[key] = document
        return document

    def get(self, kind: str, key: str) -> Document | None:
        return self._documents.get(kind, {}).get(key)

    def all(self, kind: str) -> Iterator[tuple[str, Document]]:
        yield from list(self._documents.get(kind, {}).items())

    def delete(self, kind: str, key: str) -> None:
        self._db.execute("DELETE FROM document WHERE kind = ? AND id = ?", (kind, key))
        self._documents.get(kind, {}).pop(key, None)

    def empty(self) -> bool:
        return not self._documents

    def close(self) -> None:
        self._db.close()


WORLD = web.AppKey("world", World)
