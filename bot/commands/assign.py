"""Say who is to look at an incident; that person still acknowledges it."""

import re

from bot.commands import Ask, Command, Words
from bot.commands.people import somebody
from bot.commands.reading import first_word, unquoted
from bot.incident import Assigned, Event, Refused
from bot.watch import Role

# who may acknowledge
ABLE: frozenset[Role] = frozenset({"operator", "owner", "approver"})
_TO = re.compile(r"^(?:to\s+)?@?", re.IGNORECASE)


def _words(rest: str) -> Words:
    incident, person = first_word(rest)
    return {"incident": incident, "person": unquoted(_TO.sub("", person, count=1))}


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
