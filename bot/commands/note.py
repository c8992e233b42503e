"""Write something down on an incident: it stays with the evidence."""

from bot.commands import Ask, Command, Words
from bot.commands.naming import named, unquoted, within
from bot.incident import Event, Noted, Refused

TEXT_LIMIT = 1000


def _words(rest: str) -> Words:
    incident, text = named(rest)
    return {"incident": incident, "text": unquoted(text)}


def decide(ask: Ask) -> tuple[Event, ...]:
    text = ask.words.get("text", "").strip()
    if not text:
        raise Refused("Write what? For example: note 42 the vendor is informed.")
    return (Noted(at=ask.now, by=ask.actor, text=within(text, TEXT_LIMIT)),)


COMMANDS = (
    Command(
        verb="note",
        usage="note <incident> <text>",
        does="writes something down; it stays with the evidence",
        about="incident",
        roles=frozenset({"operator", "owner", "approver", "risk"}),
        words=_words,
        decide=decide,
        examples=("note 42 the vendor is informed, ticket 8812",),
    ),
)
