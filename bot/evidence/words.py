"""Events in words, for pages and tables."""

from bot.incident import Event
from cards import replies
from cards.view import View


def told(view: View, event: Event) -> str:
    """Return the event's name in words, with its line where it has one."""
    name = "".join(f" {c.lower()}" if c.isupper() else c for c in type(event).__name__)
    line = replies.line(view, event)
    plain = line == replies.line(view, Event(at=event.at, by=event.by))
    return name.strip().capitalize() + ("" if plain else f". {line}")
