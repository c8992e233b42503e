"""One side of a monitor put together of its kept slices, with its names given back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.evidence.profiles import Kept
from bot.evidence.veil import Veil, hidden
from bot.ports import Lying
from bot.signals import TableProfile
from bot.signals.slices import joined

Dated = tuple[datetime, TableProfile]


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
    # The rows of each value of the columns that the watch list wants to split by.
    parts: Mapping[str, Mapping[str, TableProfile]]


Found = tuple[Lying, Sequence[tuple[datetime | None, Kept]], Sequence[Dated]]


def named(found: Sequence[Found], veil: Veil) -> tuple[Side, Side]:
    """Return the sides with their names given back, and their slices put together."""
    every = [k.profile for _, slices, _ in found for _, k in slices]
    every += [profile for *_, days in found for _, profile in days]
    lifted: Iterator[TableProfile] = iter(veil.lifted(every))
    slices = [[(at, k, next(lifted)) for at, k in some] for _, some, _ in found]
    days = [tuple((at, next(lifted)) for at, _ in some) for *_, some in found]
    codes = _codes([k for _, slices, _ in found for _, k in slices], veil)
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
            parts=_parts([k for _, k, _ in some], veil, codes),
        )
        made.append(side)
    return _alike(made[0], veil, made[1].whole), _alike(made[1], veil, made[0].whole)


def _alike(side: Side, veil: Veil, other: TableProfile) -> Side:
    """Return the side with each name in its parts that either side tells."""
    parts = {
        column: {v: veil.lifted([p, side.whole, other])[0] for v, p in some.items()}
        for column, some in side.parts.items()
    }
    return replace(side, parts=parts)


def _codes(slices: Sequence[Kept], veil: Veil) -> dict[str, dict[str, str]]:
    """Return the names of parts that any slice tells, by column and by their codes."""
    named = {(c, v) for one in slices for c, some in one.parts.items() for v in some}
    found: dict[str, dict[str, str]] = {}
    for column, name in named:
        if not hidden(name):
            found.setdefault(column, {})[veil.code(column, name)] = name
    return found


def _parts(
    slices: Sequence[Kept], veil: Veil, codes: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, TableProfile]]:
    """Return each value's rows over all slices, of the columns that all of them split."""
    found = dict[str, dict[str, TableProfile]]()
    filled = [one for one in slices if one.profile.rows]
    for column in dict.fromkeys(c for one in filled for c in one.parts):
        if not all(column in one.parts for one in filled):
            continue
        known = codes.get(column, {})
        by_value: dict[str, list[TableProfile]] = {}
        for one in filled:
            for value, part in one.parts[column].items():
                by_value.setdefault(known.get(value, value), []).append(part)
        found[column] = {
            v: joined(veil.lifted(some)) for v, some in sorted(by_value.items())
        }
    return found


def _whole(slices: Sequence[TableProfile]) -> TableProfile:
    return joined(slices) if slices else TableProfile(0, {}, {})


def _hours(slices: Sequence[tuple[datetime | None, TableProfile]]) -> tuple[Dated, ...]:
    dated = tuple((at, one) for at, one in slices if at is not None)
    return dated if len(dated) == len(slices) else ()
