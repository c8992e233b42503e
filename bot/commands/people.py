"""Reading whom a person means: a name, a part of one, a mention, or "me"."""

import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches

from bot.commands import Command
from bot.incident import Refused
from bot.watch import Person, WatchList

ME = ("me", "myself", "i")


def somebody(text: str, watch: WatchList, asker: Person) -> Person:
    """Return who is meant. Raises Refused that asks back when nobody or several are.

    A mention arrives as the name that Teams shows; a display name may go on after the
    name in the watch list, as in "Lena Vogt (admin)".
    """
    wanted = _plain(text)
    if not wanted:
        raise Refused("Whom? For example: assign 42 @Jonas Weber")
    if wanted in ME:
        return asker
    for found in (_whole(wanted, watch), _part(wanted, watch)):
        if len(found) > 1:
            names = ", ".join(p.name for p in found[:4])
            raise Refused(f'Several people are called "{text.strip()[:40]}": {names}.')
        if found:
            return found[0]
    near = get_close_matches(wanted, [_plain(p.name) for p in watch.people], 1, 0.6)
    hint = next(
        (p.name for p in watch.people if near and _plain(p.name) == near[0]), ""
    )
    ask = f" Did you mean {hint}?" if hint else ""
    raise Refused(f'Nobody in the watch list is called "{text.strip()[:40]}".{ask}')


def _whole(wanted: str, watch: WatchList) -> Sequence[Person]:
    exact = [p for p in watch.people if _plain(p.name) == wanted]
    if exact:
        return exact
    return [p for p in watch.people if wanted.startswith(_plain(p.name) + " ")]


def _part(wanted: str, watch: WatchList) -> Sequence[Person]:
    """Return those of whom `wanted` is a first, last or middle name."""
    words = set(wanted.split())
    return [p for p in watch.people if words <= set(_plain(p.name).split())]


def _plain(name: str) -> str:
    """Return a name for comparing: no case, accents, marks or signs."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    kept = (c if c.isalnum() else " " for c in folded if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


COMMANDS: tuple[Command, ...] = ()
