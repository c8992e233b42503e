"""The model-risk pack as one page, and as one document."""

from collections.abc import Sequence
from html import escape
from typing import Any

from bot.evidence import charts
from bot.evidence.model import Matter
from bot.evidence.page import document
from bot.evidence.sections import Section


def model_document(matter: Matter, found: Sequence[Section]) -> dict[str, Any]:
    """Return the pack as JSON: the same rows as its tables."""
    return {
        "model": matter.model,
        "endpoints": endpoints(matter),
        "from": matter.period[0].isoformat(),
        "to": matter.period[1].isoformat(),
        "incidents": len(matter.incidents),
        "sections": {section.key: section.document() for section in found},
    }


def endpoints(matter: Matter) -> list[str]:
    return sorted({i.endpoint for i in (*matter.incidents, *matter.ledgers)})


def model_page(matter: Matter, found: Sequence[Section]) -> str:
    start, end = matter.period
    names = ", ".join(e.rsplit("/", 1)[-1] for e in endpoints(matter)) or "none"
    links = " · ".join(
        f'<a href="#{escape(s.key)}">{escape(s.title.split(",", 1)[0])}</a> ({len(s.rows):,})'
        for s in found
    )
    parts = [
        f"<h1>Model pack: {escape(matter.model)}</h1>",
        (
            f"<p class=soft>{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC · endpoints: "
            f"{escape(names)} · incidents: {len(matter.incidents):,}</p>"
        ),
        f"<p>{links}</p>",
        _by_week(matter),
        *(line for section in found for line in section.html()),
        (
            "<footer>Every row is computed from records that the signed log holds; "
            "proof.json has them, HOW-TO-VERIFY.txt says how to check.</footer>"
        ),
    ]
    return document(f"{matter.model} model pack", parts)


def _by_week(matter: Matter) -> str:
    """Return how many incidents were opened in each part of the period."""
    start, end = matter.period
    count = 12
    step = (end - start) / count
    times = [start + step * place for place in range(count)]
    opened = [0.0] * count
    for incident in matter.incidents:
        place = int((incident.opened_at - start) / step)
        if 0 <= place < count:
            opened[place] += 1
    title = "Incidents opened, by twelfths of the period"
    line = charts.Line(name="opened", times=times, values=opened)
    drawn = charts.over_time(title, [line])
    return f"<figure><figcaption>{title}</figcaption>{drawn}</figure>" if drawn else ""
