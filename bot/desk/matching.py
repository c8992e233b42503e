"""Which incidents a search means: names, people, kinds, states, severities and days. Pure.

Every word has to fit. What is no state, day or severity is looked for in the names.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias

from bot.commands.naming import incident_id
from bot.commands.span import span
from bot.incident import OPEN, Refused
from cards import findings
from cards.view import View

Fits: TypeAlias = Callable[[View], bool]
MOST_WORDS: Final = 8  # of a search; what follows is passed over
YEAR: Final = timedelta(days=366)
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_SPAN = re.compile(r"\d{1,3}[hdw]", re.ASCII)
_SEVERITY = re.compile(r"sev(?:erity)?[ -]?([0-4])", re.ASCII)
_SMALL = frozenset(
    {"of", "for", "on", "in", "the", "by", "with", "last", "and", "from"}
)


def wanted(text: str) -> Fits:
    """Return whether an incident fits `text`; all do when it says nothing.

    Days are those of the incident's channel.
    """
    joined = re.sub(r"\b(sev(?:erity)?) (?=[0-4]\b)", r"\1", text.lower())
    words = [w for w in joined.split() if w not in _SMALL][:MOST_WORDS]
    every = [_word(w.strip("\"',.;:!?()")) for w in words]
    return lambda view: all(fits(view) for fits in every)


def _word(word: str) -> Fits:
    if fits := _state(word):
        return fits
    if found := _SEVERITY.fullmatch(word):
        return lambda view: view.incident.severity == int(found[1])
    if incident_id(word) and not word.isdigit():
        return lambda view: view.incident.id == incident_id(word)
    if fits := _time(word):
        return fits
    return lambda view: any(word in name for name in _names(view))


def _state(word: str) -> Fits | None:
    if word == "open":
        return lambda view: view.incident.status in OPEN
    if word == "snoozed":
        return lambda view: view.incident.snooze is not None
    if word == "closed":
        word = "resolved"
    if word in (*OPEN, "resolved"):
        return lambda view: view.incident.status == word
    return None


def _time(word: str) -> Fits | None:
    """Return whether it fired on a day ("2026-11-23", "today") or since ("7d")."""
    if word in ("today", "yesterday"):
        back = timedelta(days=word == "yesterday")
        return lambda view: _fired_on(view) == _local(view, view.now - back)
    if found := _DAY.fullmatch(word):
        said = found[0]  # the 31st of November is no day of any incident
        return lambda view: f"{_fired_on(view)}" == said
    if _SPAN.fullmatch(word):
        try:
            length = span(word, YEAR, YEAR)
        except Refused:
            length = YEAR
        return lambda view: findings.fired_at(view.incident) >= view.now - length
    return None


def _fired_on(view: View) -> date:
    return _local(view, findings.fired_at(view.incident))


def _local(view: View, at: datetime) -> date:
    return at.astimezone(view.watch.channels[view.endpoint.channel].zone).date()


def _names(view: View) -> list[str]:
    """Return all that an incident can be called by, in small letters."""
    incident, endpoint = view.incident, view.endpoint
    live = findings.state(incident)
    deployments = [d.name for d in live.deployments] if live else []
    requests = [incident.request.request] if incident.request else []
    kinds = [k for a in incident.alerts for k in (a.kind, a.kind.replace("-", " "))]
    people = [endpoint.owner, incident.assignee]
    named = [incident.id, endpoint.name, endpoint.model, endpoint.workspace]
    told = [findings.kind_word(incident), *(a.title for a in incident.alerts)]
    every = (*named, *deployments, *requests, *kinds, *people, *told)
    return [name.lower() for name in every if name]
