"""Figures and times in words, with their units, the same on every card.

Times are in UTC, since the reader's zone is known to the Teams client alone; `when`
adds the client's own functions.
"""

import math
import re
from datetime import UTC, date, datetime, timedelta

from cards.words import cut

UNKNOWN = "not known"
_NOT_UNIT = re.compile(r"[^A-Za-z0-9%/]+")  # it stands in Markdown
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"  # strftime would ask the locale


def finite(value: float | None) -> float | None:
    """Return a plain float that JSON can hold; None for None, NaN and infinities."""
    return float(value) if value is not None and math.isfinite(value) else None


def number(value: float | None, digits: int = 2) -> str:
    """Return a figure as people write it.

    >>> [number(v) for v in (0.4249, 48211, 0.00031, 0, None, float("nan"), 7.2e-6)]
    ['0.42', '48,211', '0.0003', '0', 'not known', 'not known', '7e-6']
    """
    known = finite(value)
    if known is None:
        return UNKNOWN
    size = abs(known)
    if size == 0:
        return "0"
    if size >= 1e15 or size < 1e-4:  # noqa: PLR2004
        return re.sub(r"e([-+])0?", r"e\1", f"{known:.0e}").replace("e+", "e")
    if size >= 100:  # noqa: PLR2004
        return f"{known:,.0f}"
    return f"{known:.{max(digits, 4 if size < 0.01 else 2)}f}"  # noqa: PLR2004


def against(value: float | None, limit: float | None) -> tuple[str, str]:
    """Return a figure and its limit with as many digits as tell them apart.

    >>> against(0.3004, 0.3), against(0.42, 0.3)
    (('0.3004', '0.3000'), ('0.42', '0.30'))
    """
    for digits in (2, 3, 4):
        shown = number(value, digits), number(limit, digits)
        if shown[0] != shown[1] or value == limit:
            break
    return shown


def short(value: float | None) -> str:
    r"""Return a figure of at most seven characters, for a tile.

    Five digits and more break within the number on a phone.

    >>> short(9_211), short(48_211), short(1_234_567), short(None)
    ('9,211', '48.2k', '1.2M', '\u2013')
    """
    known = finite(value)
    if known is None:
        return "\u2013"
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(known) < 1e4:  # noqa: PLR2004
            break
        if size <= abs(known) < size * 1e3:
            return f"{known / size:.1f}{letter}"
    return cut(number(known), 7)


def percent(share: float | None) -> str:
    """Return a share (0 to 1) in percent; 0 % and 100 % only when it is exactly so.

    >>> percent(0.003), percent(0.9), percent(0.99962), percent(1), percent(None)
    ('0.3%', '90%', '99.96%', '100%', 'not known')
    """
    known = finite(share)
    if known is None:
        return UNKNOWN
    part = round(known * 100, 9)  # 0.07 * 100 is not 7
    if abs(part) > 1e6:  # noqa: PLR2004
        return f"{part:.0e}%"
    for digits in range(5):
        shown = f"{part:.{digits}f}"
        exact = float(shown) == part
        if exact or (float(shown) not in (0, 100) and (digits or abs(part) >= 10)):  # noqa: PLR2004
            break
    return f"{shown}%"


def milliseconds(value: float | None) -> str:
    """Return a length of time given in milliseconds.

    >>> milliseconds(182.4), milliseconds(1234), milliseconds(None)
    ('182 ms', '1.2 s', 'not known')
    """
    known = finite(value)
    if known is None:
        return UNKNOWN
    return f"{known:.0f} ms" if abs(known) < 1000 else f"{known / 1000:,.1f} s"  # noqa: PLR2004


def measured(value: float | None, unit: str) -> str:
    """Return a figure with its unit, as Azure Monitor names units.

    >>> measured(12.5, "Percent"), measured(910, "MilliSeconds"), measured(3, "GPUs")
    ('12.50%', '910 ms', '3.00 GPUs')
    """
    known = finite(value)
    kind = unit.lower()
    if known is None:
        return UNKNOWN
    if kind == "percent":
        return f"{number(known)}%"
    if kind == "milliseconds":
        return milliseconds(known)
    if kind == "seconds":
        return milliseconds(known * 1000)
    if kind in ("", "count", "unspecified"):
        return f"{known:,.0f}" if known == int(known) else number(known)
    return f"{number(known)} {_NOT_UNIT.sub(' ', unit[:12])}".rstrip()


def count(value: int, noun: str) -> str:
    """Return a number of things, the noun in its right form.

    >>> count(1, "feature"), count(1200, "row")
    ('1 feature', '1,200 rows')
    """
    return f"{value:,} {noun}{'' if value == 1 else 's'}"


# -- times --------------------------------------------------------------------


def utc(moment: datetime) -> str:
    """Return a moment in words: "23 Nov 2026 08:14 UTC"."""
    return f"{day(moment)} {moment.astimezone(UTC):%Y %H:%M} UTC"


def when(moment: datetime) -> str:
    """Return a moment in the reader's zone, UTC beside it. TextBlock and FactSet only.

    >>> when(datetime(2026, 11, 23, 8, 14, tzinfo=UTC))[-11:]
    '(08:14 UTC)'
    """
    at = moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    return f"{{{{DATE({at}, SHORT)}}}} {clock(moment)}"


def clock(moment: datetime) -> str:
    """Return the time of a day that is plain from what stands around it."""
    at = moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    return f"{{{{TIME({at})}}}} ({moment.astimezone(UTC):%H:%M} UTC)"


def window(times: tuple[datetime, datetime] | None) -> str:
    """Return a window in words: "22 Nov 08:00 to 23 Nov 08:00 UTC"."""
    if times is None:
        return f"window {UNKNOWN}"
    start, end = (t.astimezone(UTC) for t in times)
    if start.date() == end.date():
        return f"{day(start)} {start:%H:%M} to {end:%H:%M} UTC"
    if start.time() == end.time() == datetime.min.time():
        return f"{day(start)} to {day(end)} 00:00 UTC"
    return f"{day(start)} {start:%H:%M} to {day(end)} {end:%H:%M} UTC"


def day(moment: date) -> str:
    """Return a day in words, of a moment the one in UTC: "23 Nov"."""
    at = moment.astimezone(UTC) if isinstance(moment, datetime) else moment
    return f"{at.day} {_MONTHS[at.month * 3 - 3 : at.month * 3]}"


def duration(length: timedelta) -> str:
    """Return a length of time by its two largest units.

    >>> duration(timedelta(seconds=161)), duration(timedelta(days=3, hours=4))
    ('2 min 41 s', '3 d 4 h')
    """
    seconds = max(0, round(length.total_seconds()))
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        amount, seconds = divmod(seconds, size)
        parts.append((amount, unit))
    first = next((i for i, (n, _) in enumerate(parts) if n), len(parts) - 1)
    return " ".join(f"{n} {u}" for n, u in parts[first : first + 2] if n) or "0 s"
