"""Charts as inline SVG: they print, need no colour, and ask nobody for anything.

Every figure is written beside its mark; two sides differ by texture before they differ
by shade. Coordinates are whole tenths, so the same figures give the same bytes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from bot.signals import FeatureResult, Shape

WIDTH = 720
_LABEL, _FIGURE = 190, 150  # room left for names, right for figures
_ROW = 22
_MOST_LABEL = 26
_DASHES = ("", "7 3", "2 3", "9 3 2 3")

STYLE = """
svg{display:block;width:100%;max-width:720px;height:auto;margin:.4rem 0}
svg text{font:12px "Segoe UI",system-ui,sans-serif;fill:var(--ink)}
svg .soft{fill:var(--soft)}svg .end{text-anchor:end}svg .mid{text-anchor:middle}
svg .strong{font-weight:600}
svg .mark{fill:var(--bar)}svg .over{fill:var(--bad)}
svg .before{fill:url(#hatch);stroke:var(--ink);stroke-width:1}
svg .now{fill:var(--now);stroke:var(--ink);stroke-width:1}
svg .axis{stroke:var(--line);stroke-width:1}
svg .limit{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:5 3}
svg .halo{stroke:var(--paper);stroke-width:4}
svg .event{stroke:var(--ink);stroke-width:1;stroke-dasharray:1 2}
svg .line{fill:none;stroke:var(--ink);stroke-width:1.6}
svg .hatch{stroke:var(--ink);stroke-width:1}
"""
# Once a page: the texture of all "before" and "reference" marks.
PATTERN = (
    '<svg width="0" height="0" style="position:absolute;width:0" aria-hidden="true"><defs>'
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="6"/>'
    "</pattern></defs></svg>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series over time; None is a gap and is drawn as one."""

    name: str
    times: Sequence[datetime]
    values: Sequence[float | None]


def drift(results: Sequence[FeatureResult], most: int = 12) -> str:
    """Return the figures of features as bars, with each one's limit as a mark."""
    shown = [r for r in results if r.value is not None][:most]
    if not shown:
        return ""
    top = max(max(r.value or 0, r.threshold or 0) for r in shown) or 1.0
    room = WIDTH - _LABEL - _FIGURE
    several = len({r.metric for r in shown}) > 1

    def row(place: int, result: FeatureResult) -> Iterator[str]:
        y, value = place * _ROW + 4, result.value or 0.0
        over = result.verdict == "breached"
        named = result.feature or "all rows"
        if several:  # one feature stands here once for each of them
            named += f", {_initials(result.metric)}"
        yield _text(_LABEL - 8, y + 13, _cut(named), "end")
        width = max(0.0, min(value / top, 1.0)) * room
        kind = "over" if over else "mark"
        yield _rect(_LABEL, y + 2, width, 14, kind)
        if result.threshold is not None:
            x = _LABEL + min(max(result.threshold / top, 0), 1) * room
            yield _vertical(x, y - 1, y + 19, "halo")  # else a dark bar hides it
            yield _vertical(x, y - 1, y + 19, "limit")
        said = f"{_number(value)} {'over the limit' if over else result.verdict}"
        if result.verdict == "not breached":
            said = f"{_number(value)} within"
        style = "strong" if over else ""
        yield _text(WIDTH - _FIGURE + 8, y + 13, _cut(said), style)

    body = [mark for place, r in enumerate(shown) for mark in row(place, r)]
    height = len(shown) * _ROW + 10
    names = ", ".join(f"{r.feature} {_number(r.value)}" for r in shown)
    return _svg(height, f"Features by how far they moved: {names}", body)


def _initials(metric: str) -> str:
    """Return a metric's capitals; the table below the chart has its name.

    >>> _initials("NormalizedWassersteinDistance")
    'NWD'
    """
    return "".join(letter for letter in metric if letter.isupper()) or metric


def distribution(feature: str, shape: Shape) -> str:
    """Return both sides of one feature; the reference is hatched, the present is full."""
    count = len(shape.bins)
    if not count:
        return ""
    top = max((*shape.reference, *shape.production)) or 1.0
    left, base, height = 8, 150, 190
    step = (WIDTH - 2 * left) / count
    body = [_horizontal(left, WIDTH - left, base)]
    pairs = zip(shape.bins, shape.reference, shape.production, strict=True)
    for place, (name, before, now) in enumerate(pairs):
        x, wide = left + place * step, min(step * 0.36, 40)
        middle = x + step / 2
        for share, at, kind in (
            (before, middle - wide - 1, "before"),
            (now, middle + 1, "now"),
        ):
            tall = share / top * 115
            body.append(_rect(at, base - tall, wide, tall, kind))
            if step > 50:  # noqa: PLR2004 room for the figure
                body.append(
                    _text(at + wide / 2, base - tall - 4, f"{share:.0%}", "mid")
                )
        body.append(
            _text(middle, base + 15, _cut(name, max(3, int(step / 6.5))), "mid soft")
        )
    body += [
        _rect(left, height - 16, 12, 10, "before"),
        _text(left + 18, height - 7, "reference", ""),
        _rect(left + 100, height - 16, 12, 10, "now"),
        _text(left + 118, height - 7, "production", ""),
    ]
    return _svg(height, f"Distribution of {feature}, reference and production", body)


def _end(start: datetime, end: datetime) -> str:
    """Return how the end of an axis is written: its day only where it is another one."""
    return "%H:%M" if start.date() == end.date() else "%Y-%m-%d %H:%M"


def over_time(
    title: str,
    lines: Sequence[Line],
    *,
    unit: str = "",
    limit: float | None = None,
    events: Sequence[tuple[datetime, str]] = (),
) -> str:
    """Return series over one span of time, with the limit and what happened when."""
    times = [t for line in lines for t in line.times]
    values = [v for line in lines for v in line.values if v is not None]
    if len(times) < 2 or not values:  # noqa: PLR2004 one point makes no line
        return ""
    start, end = min(times), max(times)
    span = (end - start).total_seconds() or 1.0
    top = max(*values, limit or 0, 1e-9) * 1.1
    left, right, base, height = 60, WIDTH - 130, 150, 178

    def x(at: datetime) -> float:
        return left + (at - start).total_seconds() / span * (right - left)

    def y(value: float) -> float:
        return base - max(value, 0) / top * (base - 14)

    body = [_horizontal(left, right, base), _text(left - 6, base + 4, "0", "end soft")]
    body.append(_text(left - 6, y(max(values)) + 4, _number(max(values)), "end soft"))
    body += [
        _text(left, base + 16, f"{start:%Y-%m-%d %H:%M}", "soft"),
        _text(right, base + 16, f"{end:{_end(start, end)}} UTC", "end soft"),
    ]
    if limit is not None:
        body.append(_dashed(left, right, y(limit), "limit"))
        body.append(_text(right + 6, y(limit) + 4, f"limit {_number(limit)}{unit}", ""))
    for at, words in events:
        if start <= at <= end:
            body.append(_vertical(x(at), 8, base, "event"))
            body.append(_text(x(at) + 3, 14, _cut(words, 18), "soft"))
    placed: list[float] = [y(limit)] if limit is not None else []
    for place, line in enumerate(lines):
        body += _drawn(line, x, y, _DASHES[place % len(_DASHES)])
        if last := [v for v in line.values if v is not None]:
            height_at = _free(y(last[-1]) + 4, placed)
            said = f"{_cut(line.name, 12)} {_number(last[-1])}{unit}"
            body.append(_text(right + 6, height_at, said, ""))
    return _svg(height, title, body)


def _free(wanted: float, placed: list[float]) -> float:
    """Return a height near `wanted` where no other label stands."""
    while any(abs(wanted - other) < 13 for other in placed):  # noqa: PLR2004 a line
        wanted += 13
    placed.append(wanted)
    return wanted


def _drawn(
    line: Line, x: Callable[[datetime], float], y: Callable[[float], float], dash: str
) -> Iterator[str]:
    """Yield the unbroken pieces of a series; a lone point is a dot."""
    piece: list[str] = []
    points = [*zip(line.times, line.values, strict=True), (None, None)]
    for at, value in points:
        if at is not None and value is not None:
            piece.append(f"{x(at):.1f},{y(value):.1f}")
            continue
        if len(piece) > 1:
            style = f' stroke-dasharray="{dash}"' if dash else ""
            yield f'<polyline class="line" points="{" ".join(piece)}"{style}/>'
        elif piece:
            px, py = piece[0].split(",")
            yield f'<circle cx="{px}" cy="{py}" r="2" class="now"/>'
        piece = []


def traffic(rows: Sequence[tuple[str, Mapping[str, int]]]) -> str:
    """Return who got which share of the requests, one bar a moment."""
    names = sorted({name for _, shares in rows for name in shares})
    if not names:
        return ""
    room, body = WIDTH - _LABEL - 10, []
    for place, (moment, shares) in enumerate(rows):
        y, at = place * 34 + 6, float(_LABEL)
        body.append(_text(_LABEL - 8, y + 16, _cut(moment), "end"))
        for order, name in enumerate(names):
            share = shares.get(name, 0)
            if share <= 0:
                continue
            width = share / 100 * room
            kind = ("now", "before", "paper")[order % 3]
            body.append(_rect(at, y, width, 24, kind))
            if width > 60:  # noqa: PLR2004 room for its name
                fit = max(4, int(width / 8))
                words = _cut(f"{name} {share}%", fit)
                body.append(_boxed(at + width / 2, y + 16, words))
            at += width
    every = "; ".join(
        f"{moment}: " + ", ".join(f"{n} {p}%" for n, p in sorted(shares.items()))
        for moment, shares in rows
    )
    return _svg(len(rows) * 34 + 8, f"Traffic. {every}", body)


def _boxed(x: float, y: float, words: str) -> str:
    """Return text on a plain ground: a texture behind letters cannot be read."""
    half = len(words) * 3.6 + 4
    ground = (
        f'<rect x="{x - half:.1f}" y="{y - 12:.1f}" width="{2 * half:.1f}" '
        'height="16" style="fill:var(--paper)"/>'
    )
    return ground + _text(x, y, words, "mid strong")


def _svg(height: float, title: str, body: Sequence[str]) -> str:
    said = escape(title)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{said}">'
        f"<title>{said}</title>{''.join(body)}</svg>"
    )


def _text(x: float, y: float, words: str, style: str) -> str:
    kind = f' class="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{kind}>{escape(words)}</text>'


def _rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'class="{kind}"/>'
    )


def _vertical(x: float, top: float, bottom: float, kind: str) -> str:
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}" class="{kind}"/>'


def _horizontal(left: float, right: float, y: float) -> str:
    return _dashed(left, right, y, "axis")


def _dashed(left: float, right: float, y: float, kind: str) -> str:
    return f'<line x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}" class="{kind}"/>'


def _cut(words: str, most: int = _MOST_LABEL) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"


def _number(value: float | None) -> str:
    return "not known" if value is None else f"{value:,.4g}"
