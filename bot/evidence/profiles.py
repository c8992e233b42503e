"""Profiles of the hours and days of a monitor's data, on the shelf of the evidence.

A profile lies under its own digest, where `watchkeeper drift --keep` finds it too; a line
per slot (an hour, a day, or all) and mark of the files names it. Both are written once:
another state of the files is another mark. Nothing here is evidence, and all of it can be
made anew, so a shelf that fails, or bytes that changed, only cost the reading of rows.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from bot.evidence.shelf import Differs, NotKept, Shelf
from bot.signals import TableProfile
from bot.signals.sketch import from_bytes

log = logging.getLogger(__name__)
T = TypeVar("T")
FOLDER = "profiles"
ALL = "all"  # the slot of files that name no hour
_AT_ONCE = 16
_PATIENCE_S = 20.0  # for one answer of the shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is known of one slot without its rows."""

    profile: TableProfile
    findings: tuple[str, ...] = ()  # what was wrong with its files
    columns: Mapping[str, str]  # all that its files have, also what is not looked at
    least: Mapping[str, int]  # different values of its whole numbers
    # The rows of each value of a column, by column; () where there are too many.
    parts: Mapping[str, Mapping[str, TableProfile]] = field(default_factory=dict)


def hour(at: datetime | None) -> str:
    """Return the slot of an hour.

    >>> hour(datetime(2026, 11, 27, 9, tzinfo=UTC)), hour(None)
    ('2026-11-27T09', 'all')
    """
    return ALL if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H}"


def moment(slot: str) -> datetime | None:
    """Return when a slot begins; None for what is no hour and no day."""
    try:
        return datetime.fromisoformat(slot).replace(tzinfo=UTC)
    except ValueError:
        return None


class Profiles:
    """The profiles of one side of one monitor, under one rule of disclosure.

    Once the shelf has failed it is not asked again; `failed` says so.
    """

    def __init__(
        self,
        shelf: Shelf | None,
        scope: Sequence[str],
        *,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        """`scope`: all that makes a profile another one, beside slot and mark."""
        self._shelf, self._patience_s = shelf, patience_s
        text = json.dumps(list(scope), ensure_ascii=True)
        self._scope = hashlib.sha256(text.encode()).hexdigest()[:32]
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self.failed = shelf is None

    async def listed(self) -> dict[str, tuple[str, ...]]:
        """Return the marks that are known, by slot."""
        if self._shelf is None:
            return {}
        start = f"{FOLDER}/kept/{self._scope}/"
        found: dict[str, tuple[str, ...]] = {}
        for name in await self._asked(partial(self._shelf.names, start)) or ():
            slot, _, mark = name.removeprefix(start).partition("/")
            found[slot] = (*found.get(slot, ()), mark)
        return found

    async def find(self, wanted: Sequence[tuple[str, str]]) -> list[Kept | None]:
        """Return what is kept of these slots and marks, None where nothing is."""
        return await asyncio.gather(*(self._find(*key) for key in wanted))

    async def _find(self, slot: str, mark: str) -> Kept | None:
        if self._shelf is None or self.failed:
            return None
        line = await self._asked(partial(self._shelf.get, self._line(slot, mark)))
        if line is None:
            return None
        try:
            told = json.loads(line)
            digest = str(told["profile"])
            parts = {
                str(column): {v: await self._read(str(d)) for v, d in some.items()}
                for column, some in told["parts"].items()
            }
            return Kept(
                profile=await self._read(digest),
                findings=tuple(map(str, told["findings"])),
                columns={str(k): str(v) for k, v in told["columns"].items()},
                least={str(k): int(v) for k, v in told["least"].items()},
                parts=parts,
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("the kept profile of %s cannot be read", slot)
            return None

    async def _read(self, digest: str) -> TableProfile:
        """Return a stored profile; ValueError when it is not there as it was."""
        assert self._shelf is not None
        stored = await self._asked(partial(self._shelf.get, _object(digest)))
        if stored is None or hashlib.sha256(stored).hexdigest() != digest:
            raise ValueError(digest)
        return await asyncio.to_thread(from_bytes, stored)

    async def keep(self, slot: str, mark: str, kept: Kept) -> None:
        """Store it, if the shelf lets us; a repeat, or somebody else's, is fine."""
        if self._shelf is None or self.failed:
            return
        line = {
            "profile": await self._store(kept.profile),
            "parts": {
                column: {v: await self._store(one) for v, one in some.items()}
                for column, some in kept.parts.items()
            },
            "rows": kept.profile.rows,
            "findings": kept.findings,
            "columns": dict(kept.columns),
            "least": dict(kept.least),
        }
        text = json.dumps(line).encode()
        await self._asked(partial(self._put, self._line(slot, mark), text))

    async def _store(self, profile: TableProfile) -> str:
        stored = await asyncio.to_thread(profile.to_bytes)
        digest = hashlib.sha256(stored).hexdigest()
        assert self._shelf is not None
        await self._asked(partial(self._put, _object(digest), stored))
        return digest

    async def drop(self, slot: str, mark: str, *, only_line: bool = False) -> None:
        """Delete what is known under a slot and mark, which another has taken over.

        `only_line`: another slot names the same profile, which stays.
        """
        if self._shelf is None or self.failed:
            return
        name = self._line(slot, mark)
        line = await self._asked(partial(self._shelf.get, name))
        try:
            told = json.loads(line or b"")
            named = {str(d) for some in told["parts"].values() for d in some.values()}
            named |= set() if only_line else {str(told["profile"])}
        except (ValueError, KeyError, TypeError, AttributeError):
            return
        if await self._removed(name):
            for digest in sorted(named):
                await self._removed(_object(digest))

    async def _removed(self, name: str) -> bool:
        """Delete a name; a shelf that lets nothing go keeps it, and stays of use."""
        assert self._shelf is not None
        with suppress(NotKept, TimeoutError):
            async with asyncio.timeout(self._patience_s):
                await self._shelf.remove(name)
                return True
        return False

    async def _put(self, name: str, content: bytes) -> None:
        assert self._shelf is not None
        try:
            await self._shelf.put(name, content)
        except Differs:  # damaged, or made by somebody else a moment ago
            if await self._removed(name):
                await self._shelf.put(name, content)

    async def _asked(self, ask: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
        """Return the answer; None when the shelf has none to give in time.

        Nothing is begun before its turn: who is told to stop meanwhile leaves nothing.
        """
        try:
            async with self._slots:
                if self.failed:
                    return None
                async with asyncio.timeout(self._patience_s):
                    return await ask()
        except (NotKept, Differs, TimeoutError, ValueError) as error:
            if not self.failed:
                log.warning("profiles are not kept now: %s", error or "no answer")
            self.failed = True
            return None

    def _line(self, slot: str, mark: str) -> str:
        return f"{FOLDER}/kept/{self._scope}/{slot}/{mark}"


def _object(digest: str) -> str:
    return f"{FOLDER}/{digest[:2]}/{digest}.profile"
