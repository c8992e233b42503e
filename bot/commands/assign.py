"""Say who is to look at an incident; that person still acknowledges it."""

import re

from bot.commands import Ask, Command, Words
from bot.commands.naming import incident_id, named, unquoted
from bot.commands.people import somebody
from bot.incident import Assigned, Event, Refused
from bot.watch import Role

# who may acknowledge
ABLE: frozenset[Role] = frozenset({"operator", "owner", "approver"})
_TO = re.compile(r"^(?:(?:to\b:?|->|=>|=)\s*)?@?", re.IGNORECASE)
_PLEASE = re.compile(r"[\s,]+(?:please|pls)\W*$", re.IGNORECASE)


def _words(rest: str) -> Words:
    incident, person = named(rest)
    if not incident_id(incident):  # "assign Jonas to 42"
        *before, last = rest.split() or [""]
        if incident_id(last):
            incident, person = last, re.sub(r"\s+to$", "", " ".join(before))
    person = _PLEASE.sub("", _TO.sub("", person, count=1))
    return {"incident": incident, "person": unquoted(person)}


def decide(ask: Ask) -> tuple[Event, ...]:
    incident = ask.incident
    if incident.status == "resolved":
        raise Refused(f"{incident.id} is resolved; there is nothing to assign.")
    person = somebody(ask.words.get("person", ""), ask.watch, ask.person)
    if person.guest or not ABLE & set(person.roles):
        raise Refused(f"{person.name} may not act on alerts, so cannot be given one.")
    if incident.assignee == person.name:
        raise Refused(f"{incident.id} is already assigned to {person.name}.")
    return (Assigned(at=ask.now, by=ask.actor, person=person.name),)


COMMANDS = (
    Command(
        verb="assign",
        usage="assign <incident> <person>",
        does="says who is to look at it",
        about="incident",
        roles=ABLE,
        words=_words,
        decide=decide,
        examples=("assign 42 @Jonas Weber", "assign 42 jonas", "assign A-42 to me"),
    ),
)
