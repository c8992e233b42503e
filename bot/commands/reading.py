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
}


def understand(text: str) -> tuple[Command, Words]:
    """Return the command in `text` and its words.

    Raises Refused, with the nearest command, when there is none.
    """
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).translate(_QUOTES)
    verb, rest = first_word(plain)
    verb = verb.lower().strip("/!.,:;\"'")
    known = commands()
    verb = _SYNONYMS.get(verb, verb)
    if verb in known:
        return known[verb], known[verb].words(rest)
    if not verb:
        raise Refused('Tell me what you need, for example "help" or "alerts".')
    near = get_close_matches(verb, known, n=1, cutoff=0.6)
    hint = f'Did you mean "{near[0]}"?' if near else 'Try "help".'
    raise Refused(f'I do not know "{verb[:40]}". {hint}')


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
