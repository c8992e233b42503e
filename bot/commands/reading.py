"""Reading what people type: forgiving in form, strict in meaning."""

import re
import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches

from bot.commands import Command, Words, commands
from bot.incident import Refused

LONGEST = 2000  # characters of a message that we read
_QUOTES = str.maketrans(dict.fromkeys("“”„«»", '"'))
_INCIDENT = re.compile(r"^#?(?:a-?)?([0-9]{1,9})$", re.IGNORECASE)
_REQUEST = re.compile(r"^#?(?:r-?)?([0-9]{1,9})$", re.IGNORECASE)
_SYNONYMS: Mapping[str, str] = {
    "acknowledge": "ack",
    "incidents": "alerts",
    "list": "alerts",
    "?": "help",
    "roll-back": "rollback",
    "revert": "rollback",
    "unacknowledge": "unack",
    "give": "assign",
    "sleep": "snooze",
    "mute": "snooze",
    "comment": "note",
    "owners": "owner",
    "summary": "digest",
}
_POLITE = ("please", "pls", "hey", "hi")
_DRY = re.compile(r"(?:^|\s)[-\u2013\u2014]{1,2}\s?dry[- ]?run(?=\s|$)", re.IGNORECASE)


def understand(text: str, incident: str = "") -> tuple[Command, Words]:
    """Return the command in `text` and its words; `dry_run` among them if asked so.

    `incident` is the one that is talked about: meant where a command needs one and
    none is named. Raises Refused, with the nearest command, when there is none.
    """
    verb, rest = _split(text)
    known = commands()
    if verb not in known:
        raise Refused(_unknown(verb))
    command, dry = known[verb], bool(_DRY.search(rest))
    rest = _DRY.sub(" ", rest).strip()
    if incident and command.about == "incident" and not _names_one(rest):
        rest = f"{incident} {rest}"
    words = command.words(rest)
    return command, {**words, "dry_run": "yes"} if dry else words


def overheard(text: str) -> bool:
    """Return whether `text` is a command though nobody addressed us with it.

    Only what cannot be small talk: a command by its own name, then an id.
    """
    verb, rest = _split(text)
    about = first_word(rest)[0]
    named = incident_id(about) if about[:2].lower() in ("a-", "#a") else ""
    asked = request_id(about) if about[:2].lower() == "r-" else ""
    return verb in commands() and bool(named or asked)


def _split(text: str) -> tuple[str, str]:
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).translate(_QUOTES)
    verb, rest = first_word(plain)
    while verb.lower().strip(",!.") in _POLITE and rest:
        verb, rest = first_word(rest)
    verb = verb.lower().strip("/!.,:;\"'")
    return _SYNONYMS.get(verb, verb), rest


def _names_one(rest: str) -> bool:
    """Return whether `rest` begins with an incident's id, and not with "2 h"."""
    first, tail = first_word(rest)
    span = first.isdigit() and re.match(
        r"(?:h|d|w|m|min|hours?|days?)\b", tail, re.IGNORECASE
    )
    return bool(incident_id(first)) and not span


def _unknown(verb: str) -> str:
    if not verb:
        return 'Tell me what you need, for example "help" or "alerts".'
    near = get_close_matches(verb, [*commands(), *_SYNONYMS], n=1, cutoff=0.6)
    meant = _SYNONYMS.get(near[0], near[0]) if near else ""
    hint = f'Did you mean "{meant}"?' if meant else 'Try "help".'
    return f'I do not know "{verb[:40]}". {hint}'


def first_word(text: str) -> tuple[str, str]:
    """Return the first word of `text`, and the rest.

    >>> first_word("  ack   42 looking ")
    ('ack', '42 looking')
    """
    first, *rest = text.split(maxsplit=1) or [""]
    return first.strip(), (rest[0].strip() if rest else "")


def incident_id(word: str) -> str:
    """Return the id that a person means by 42, #42, A-42 or a42; "" if none.

    >>> incident_id("a42"), incident_id("#42"), incident_id("blue")
    ('A-42', 'A-42', '')
    """
    found = _INCIDENT.match(word.strip())
    return f"A-{int(found[1])}" if found else ""


def request_id(word: str) -> str:
    """Return the id that a person means by 7, #7, R-7 or r7; "" if none."""
    found = _REQUEST.match(word.strip())
    return f"R-{int(found[1])}" if found else ""


def unquoted(text: str) -> str:
    return text.strip().strip('"').strip()


COMMANDS: tuple[Command, ...] = ()
