"""A report as one HTML page that needs nothing else: no script, no network."""

from datetime import UTC
from html import escape
from typing import TYPE_CHECKING

from bot.signals.sentence import visible
from bot.signals.shape import readable

if TYPE_CHECKING:
    from bot.signals.engine import Window
    from bot.signals.report import FeatureResult, Report, Shape

_SMALL = 0.0001  # of a probability: what is less is shown as less than this
_STYLE = """
:root{color-scheme:light dark;--ink:#1b1b1f;--soft:#5c5f66;--line:#d9dbe0;--back:#fff;
--card:#f6f7f9;--ref:#7a8699;--prod:#0f6cbd;--bad:#b10e1c;--good:#0e700e;--warn:#8a5300}
@media screen and (prefers-color-scheme:dark){:root{--ink:#f2f2f4;--soft:#b3b6bd;--line:#3c3f46;
--back:#1b1b1f;--card:#26272c;--ref:#8d99ad;--prod:#62abf5;--bad:#f1707b;--good:#6ccb5f;
--warn:#e5a84a}}
*{box-sizing:border-box}
body{font:15px/1.45 "Segoe UI",system-ui,sans-serif;color:var(--ink);
background:var(--back);margin:0 auto;padding:24px;max-width:1160px;
overflow-wrap:anywhere}
h1{font-size:22px;line-height:1.3;margin:0 0 6px}h2{font-size:16px;margin:28px 0 10px}
p{margin:4px 0;color:var(--soft)}table{border-collapse:collapse;width:100%}
th{text-align:left;font-weight:600;color:var(--soft);border-bottom:1px solid var(--line)}
th,td{padding:6px 10px 6px 0;vertical-align:top}td{border-bottom:1px solid var(--line)}
th{overflow-wrap:normal}td{overflow-wrap:break-word}td.f{overflow-wrap:anywhere;min-width:7em}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.breached{color:var(--bad);font-weight:600}.not-breached{color:var(--good)}
.not-enough-data,.cannot-compute{color:var(--warn)}.why{color:var(--soft);font-size:13px}
.wide{overflow-x:auto}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(320px,1fr));gap:16px}
figure{margin:0;background:var(--card);border-radius:8px;padding:14px}
figcaption{font-weight:600;margin-bottom:8px;overflow-wrap:anywhere}
.bin{display:grid;grid-template-columns:8.5em 1fr auto;gap:2px 8px;align-items:center;
font-size:12.5px;margin-bottom:5px}.bin span{overflow-wrap:anywhere}
i{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.bars i{display:block;height:7px;border-radius:2px;margin:1px 0;min-width:1px}
.r{background:var(--ref)}.p{background:var(--prod)}.v{text-align:right;
font-variant-numeric:tabular-nums;color:var(--soft);white-space:nowrap;min-width:3.6em}
figcaption .why{font-weight:400}
.key i{display:inline-block;width:11px;height:11px;border-radius:2px;margin:0 5px 0 14px}
.key i:first-child{margin-left:0}
@media print{body{padding:0;max-width:none;font-size:12px}figure,tr{break-inside:avoid}
h2{break-after:avoid}figure{border:1px solid var(--line)}
.grid{grid-template-columns:1fr 1fr}td,th{padding:3px 6px 3px 0}}
"""


def _plain(text: str) -> str:
    return escape(visible(text))


def page(report: "Report") -> str:
    """Return the report as a self-contained HTML document."""
    names = report.reference_name, report.production_name
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_plain(report.sentence)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{_plain(report.sentence)}</h1>"
        f'<p>Verdict: <b class="{_class(report.verdict)}">{report.verdict}</b>. '
        f"Signal {_plain(report.signal)}, mode {report.mode}.</p>"
        f"<p>Reference {_side(names[0], report.reference_rows, report.reference_window)}. "
        f"Production {_side(names[1], report.production_rows, report.production_window)}."
        f"</p>{_figures(report)}{_table(report)}"
        f"{_list('Where it comes from', report.explained)}"
        f"{_list('How the data read', report.findings)}"
        f"{_list('Not compared', report.dropped)}</body></html>\n"
    )


def _class(verdict: str) -> str:
    return verdict.replace(" ", "-")


def _side(name: str, rows: int, window: "Window | None") -> str:
    """Return what a side is: its name, how many rows, and from when to when."""
    called = f"{_plain(name)}, " if name else ""
    span = ""
    if window is not None:
        start, end = (at.astimezone(UTC) for at in window)
        span = f", {start:%d %b %Y %H:%M} to {end:%d %b %Y %H:%M} UTC"
    return f"{called}{rows:,} rows{span}"


def _figures(report: "Report") -> str:
    shapes = {r.feature: r.shape for r in report.results if r.shape}
    moved = {r.feature: r.where for r in report.results}
    if not shapes:
        return ""
    drawn = "".join(
        _figure(name, shape, moved[name]) for name, shape in shapes.items() if shape
    )
    return (
        '<h2>Distributions</h2><p class="key"><i class="r"></i>reference'
        f'<i class="p"></i>production</p><div class="grid">{drawn}</div>'
    )


def _figure(name: str, shape: "Shape", where: str) -> str:
    top = max((*shape.reference, *shape.production), default=1) or 1
    bins = "".join(
        f'<div class="bin"><span>{_plain(label)}</span><div class="bars">'
        f'<i class="r" style="width:{100 * p / top:.1f}%"></i>'
        f'<i class="p" style="width:{100 * q / top:.1f}%"></i></div>'
        f'<span class="v">{p:.1%}<br>{q:.1%}</span></div>'
        for label, p, q in zip(
            shape.bins, shape.reference, shape.production, strict=True
        )
    )
    said = f'<div class="why">Most of the shift: {_plain(where)}</div>' if where else ""
    return f"<figure><figcaption>{_plain(name)}{said}</figcaption>{bins}</figure>"


def _table(report: "Report") -> str:
    if not report.results:
        return ""
    numbers = ("Value", "Limit", "95&nbsp;% interval", "Chance&nbsp;alone", "Values")
    head = "<th>Feature</th><th>Verdict</th><th>Metric</th>"
    head += "".join(f'<th class="n">{title}</th>' for title in numbers)
    body = "".join(_row(result) for result in report.results)
    return (
        '<h2>Every figure</h2><div class="wide"><table><thead><tr>'
        f"{head}</tr></thead><tbody>{body}</tbody></table></div>"
        '<p class="why">Chance alone: what 95&nbsp;% of pairs without any drift stay below, '
        "for so many values on either side.</p>"
    )


def _row(result: "FeatureResult") -> str:
    notes = [result.reason, *result.flags] if result.reason else list(result.flags)
    why = f'<div class="why">{_plain("; ".join(notes))}</div>' if notes else ""
    interval = result.interval
    between = f"{short(interval[0])} to {short(interval[1])}" if interval else ""
    sign = "&gt;" if result.breached_when == "above" else "&lt;"
    limit = "" if result.threshold is None else f"{sign} {short(result.threshold)}"
    counts = f"{result.reference_count:,}<br>{result.production_count:,}"
    numbers = (_value(result), limit, between, short(result.noise_floor), counts)
    cells = "".join(f'<td class="n">{cell}</td>' for cell in numbers)
    return (
        f'<tr><td class="f">{_plain(result.feature)}</td>'
        f'<td class="{_class(result.verdict)}">{result.verdict}{why}</td>'
        f"<td>{_plain(result.metric)}"
        f'<div class="why">{_plain(_unit(result))}</div></td>{cells}</tr>'
    )


def _unit(result: "FeatureResult") -> str:
    from bot.signals.catalogue import METRICS  # noqa: PLC0415

    known = METRICS.get(result.metric)
    return result.unit or (known.unit if known else "")


def _value(result: "FeatureResult") -> str:
    if result.value is None:
        return _plain(result.not_finite) or "&ndash;"
    if _unit(result) == "probability" and 0 < result.value < _SMALL:
        return f"&lt;&nbsp;{_SMALL}"
    return short(result.value)


def short(value: float | None) -> str:
    """Return a figure to three digits, or "" for none.

    >>> short(0.21437), short(1234.5), short(None)
    ('0.214', '1,234', '')
    """
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1_000 else readable(float(f"{value:.3g}"))  # noqa: PLR2004


def _list(title: str, lines: tuple[str, ...]) -> str:
    if not lines:
        return ""
    items = "".join(f"<li>{_plain(line)}</li>" for line in lines)
    return f"<h2>{title}</h2><ul>{items}</ul>"
