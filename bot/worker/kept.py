"""Both sides of a monitor as profiles: what was kept, and only the new rows besides.

An hour's profile counts as long as its files are the same to the last one: a late row, a
file that was written again or an hour that still grows make another mark, and that hour
is read anew. Days are put together once they are over, and tell since when a shift is
there after their rows have left the window.
"""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.evidence import policy
from bot.evidence.profiles import Kept, Profiles, hour, moment
from bot.evidence.veil import Veil
from bot.ports import Lying, Piece, Taken, Workspace
from bot.signals import TableProfile, split
from bot.signals.columns import spark_type
from bot.signals.slices import different, joined, of_slice
from bot.watch import Endpoint
from bot.worker.means import Means
from bot.worker.side import Dated, Side, named

_BATCH = 64 * 2**20  # bytes of files whose rows are in memory at once
_DAY = timedelta(days=1)
_SHOWN = 60  # days that since when is asked of, at most
_PARTS = 12  # values of a column up to which each one's rows have a profile
_LASTS = timedelta(days=400)


async def sides(
    means: Means,
    endpoint: Endpoint,
    *,
    deployment: str = "",
    since: datetime | None = None,
) -> tuple[Side, Side]:
    """Return reference and production; what was not kept is read, profiled and kept.

    Raises:
        Unavailable, Impossible: as `Workspace.windows`.
        Uneven: only the rows together can tell.
    """
    azure, now = means.workspace, means.clock()
    assert azure is not None
    veil = Veil(_secret(means, endpoint), endpoint.disclosure.least_count)
    both = await azure.lying(endpoint, now, deployment=deployment, since=since)
    found = []
    for one in both:
        kept = _profiles(means, endpoint, one, veil)
        reading = _Reading(azure, one, kept, veil, endpoint)
        slices = await reading.slices()
        # One day after the other is asked of production: that is what shifts. A look
        # at some minutes of it does not know which hours the monitor still needs.
        dated = one is both[1] and since is None
        days = await reading.days(now, _first(both, now)) if dated else ()
        found.append((one, slices, days))
    return await asyncio.to_thread(named, found, veil)


def _first(both: Sequence[Lying], now: datetime) -> datetime:
    """Return the first moment that either side still looks at."""
    return min(one.window[0] if one.window else now for one in both)


def _secret(means: Means, endpoint: Endpoint) -> bytes:
    """Return the key of an endpoint's codes, which no other endpoint's are made with."""
    text = means.sign(f"profiles of {endpoint.id}", 0)
    return hashlib.sha256(text.encode()).digest()


def _profiles(means: Means, endpoint: Endpoint, side: Lying, veil: Veil) -> Profiles:
    """Return where the side's profiles are kept: another rule makes other profiles."""
    rule = endpoint.disclosure
    scope = (
        "1",
        endpoint.id,
        side.place,
        *("column", *sorted(map(str.lower, rule.columns))),
        *("protected", *sorted(map(str.lower, rule.protected))),
        str(rule.least_count),
        *("segment", *endpoint.segments),
        hashlib.sha256(b"which key" + veil.key).hexdigest(),
    )
    return Profiles(means.archive.shelf if means.archive else None, scope)


@dataclass(slots=True)
class _Reading:
    """Reads one side, as far as it is not known."""

    azure: Workspace
    lying: Lying
    profiles: Profiles
    veil: Veil
    endpoint: Endpoint

    async def slices(self) -> list[tuple[datetime | None, Kept]]:
        """Return the window slice by slice, in order; what is new is kept from now on."""
        pieces = self.lying.pieces
        known = await self.profiles.find([(hour(p.at), p.mark) for p in pieces])
        found = {p.mark: k for p, k in zip(pieces, known, strict=True) if k}
        before = await self.profiles.listed()
        for batch in _batches([p for p in pieces if p.mark not in found]):
            rows = await self.azure.taken(self.lying, batch)
            made = [
                (one.piece, await asyncio.to_thread(self._made, one)) for one in rows
            ]
            del rows
            found |= {piece.mark: kept for piece, kept in made}
            await asyncio.gather(*(self._keep(*one, before) for one in made))
        return [(p.at, found[p.mark]) for p in pieces]

    async def _keep(
        self, piece: Piece, made: Kept, before: Mapping[str, Sequence[str]]
    ) -> None:
        slot = hour(piece.at)
        await self.profiles.keep(slot, piece.mark, made)
        for old in before.get(slot, ()):
            if old != piece.mark:
                await self.profiles.drop(slot, old)

    def _made(self, one: Taken) -> Kept:
        table = one.table
        shown = table.select(
            policy.columns(table.column_names, self.endpoint.disclosure)
        )
        parts = dict[str, dict[str, TableProfile]]()
        for column in self.endpoint.segments:
            some = (
                split.parts(shown, column, _PARTS)
                if column in shown.column_names
                else None
            )
            if some is not None:
                told = {self.veil.told(column, v, p.rows): p for v, p in some.items()}
                parts[column] = {v: self.veil.over(p) for v, p in told.items()}
        return Kept(
            profile=self.veil.over(of_slice(shown)),
            parts=parts,
            findings=one.findings,
            columns={f.name: spark_type(f.type) for f in table.schema},
            least=different(shown),
        )

    async def days(self, now: datetime, start: datetime) -> tuple[Dated, ...]:
        """Return the days that are over, oldest first, and put away those that are new.

        `start`: hours of a day that lies well before it are let go of.
        """
        listed = await self.profiles.listed()
        if self.profiles.failed:
            return ()
        hours: dict[datetime, list[tuple[str, str]]] = {}
        for slot, marks in listed.items():
            at = moment(slot)
            if at is not None and "T" in slot:
                hours.setdefault(_day(at), []).append((slot, marks[-1]))
        for day, some in sorted(hours.items()):
            if day + _DAY <= _day(now):
                old = day + 2 * _DAY <= start
                await self._over(day, sorted(some), listed.get(_slot(day), ()), old=old)
        return await self._days_before(await self.profiles.listed(), now)

    async def _over(
        self,
        day: datetime,
        hours: Sequence[tuple[str, str]],
        known: Sequence[str],
        *,
        old: bool,
    ) -> None:
        """Put a day's hours together, unless it was done; let go of those that are old."""
        slot = _slot(day)
        marks = "\n".join(f"{at} {mark}" for at, mark in hours)
        mark = hashlib.sha256(marks.encode()).hexdigest()[:32]
        if mark not in known:
            some = [k for k in await self.profiles.find(hours) if k]
            if len(some) < len(hours):
                return
            made = await asyncio.to_thread(self._day_of, some)
            if made is None:
                return
            await self.profiles.keep(slot, mark, made)
            for another in known:
                await self.profiles.drop(slot, another)
        if old:
            for key in hours:
                # The day of one hour is that hour's profile, under the same digest.
                await self.profiles.drop(*key, only_line=len(hours) == 1)

    def _day_of(self, some: Sequence[Kept]) -> Kept | None:
        try:
            whole = joined(self.veil.lifted([k.profile for k in some]))
        except ValueError:  # a column changed its type: the day has no profile
            return None
        return Kept(profile=self.veil.over(whole), columns={}, least={})

    async def _days_before(
        self, listed: Mapping[str, Sequence[str]], now: datetime
    ) -> tuple[Dated, ...]:
        """Return the latest days that follow each other without a gap."""
        stored = list[tuple[datetime, tuple[str, str]]]()
        for slot, marks in sorted(listed.items(), reverse=True):
            at = moment(slot)
            if at is None or "T" in slot:
                continue
            if at < now - _LASTS:
                await self.profiles.drop(slot, marks[0])
            elif len(stored) < _SHOWN and (not stored or stored[-1][0] - at == _DAY):
                stored.append((at, (slot, marks[0])))
            else:
                break
        found = await self.profiles.find([key for _, key in stored])
        pairs = zip(stored, found, strict=True)
        return tuple((at, k.profile) for (at, _), k in pairs if k)[::-1]


def _slot(day: datetime) -> str:
    return f"{day:%Y-%m-%d}"


def _day(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _batches(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Yield the pieces in lots of so many bytes, or one that is larger."""
    batch, size = list[Piece](), 0
    for one in pieces:
        if batch and size + one.size > _BATCH:
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += one.size
    if batch:
        yield batch
