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
from bot.signals import TableProfile
from bot.signals.columns import spark_type
from bot.signals.slices import different, joined, of_slice
from bot.watch import Disclosure, Endpoint
from bot.worker.means import Means

Dated = tuple[datetime, TableProfile]
_BATCH = 64 * 2**20  # bytes of files whose rows are in memory at once
_DAY = timedelta(days=1)
_SHOWN = 60  # days that since when is asked of, at most
_LASTS = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side, without its rows."""

    lying: Lying
    whole: TableProfile
    hours: tuple[Dated, ...]  # () where files name none
    days: tuple[Dated, ...]  # that are over, oldest first, also before the window
    findings: tuple[str, ...]
    columns: Mapping[str, str]  # kinds by name, also of what is not looked at
    least: Mapping[str, int]  # of a column, at least so many values differ


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
        reading = _Reading(azure, one, kept, veil, endpoint.disclosure)
        slices = await reading.slices()
        # One day after the other is asked of production: that is what shifts.
        days = await reading.days(now, _first(both, now)) if one is both[1] else ()
        found.append((one, slices, days))
    return await asyncio.to_thread(_named, found, veil)


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
        hashlib.sha256(b"which key" + veil.key).hexdigest(),
    )
    return Profiles(means.archive.shelf if means.archive else None, scope)


_Found = tuple[Lying, Sequence[tuple[datetime | None, Kept]], Sequence[Dated]]


def _named(found: Sequence[_Found], veil: Veil) -> tuple[Side, Side]:
    """Return the sides with their names given back, and their slices put together."""
    every = [k.profile for _, slices, _ in found for _, k in slices]
    every += [profile for *_, days in found for _, profile in days]
    lifted: Iterator[TableProfile] = iter(veil.lifted(every))
    slices = [[(at, k, next(lifted)) for at, k in some] for _, some, _ in found]
    days = [tuple((at, next(lifted)) for at, _ in some) for *_, some in found]
    made = []
    for (lying, *_), some, over in zip(found, slices, days, strict=True):
        notes = (note for _, k, _ in some for note in k.findings)
        least: dict[str, int] = {}
        for name, n in ((n, c) for _, k, _ in some for n, c in k.least.items()):
            least[name] = max(n, least.get(name, 0))
        side = Side(
            lying=lying,
            whole=_whole([p for *_, p in some]),
            hours=_hours([(at, p) for at, _, p in some]),
            days=over,
            findings=tuple(dict.fromkeys(notes)),
            columns={n: c for _, k, _ in some for n, c in k.columns.items()},
            least=least,
        )
        made.append(side)
    return made[0], made[1]


def _whole(slices: Sequence[TableProfile]) -> TableProfile:
    return joined(slices) if slices else TableProfile(0, {}, {})


def _hours(slices: Sequence[tuple[datetime | None, TableProfile]]) -> tuple[Dated, ...]:
    dated = tuple((at, one) for at, one in slices if at is not None)
    return dated if len(dated) == len(slices) else ()


@dataclass(slots=True)
class _Reading:
    """Reads one side, as far as it is not known."""

    azure: Workspace
    lying: Lying
    profiles: Profiles
    veil: Veil
    rule: Disclosure

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
        shown = table.select(policy.columns(table.column_names, self.rule))
        return Kept(
            profile=self.veil.over(of_slice(shown)),
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
