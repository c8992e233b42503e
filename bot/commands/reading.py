"""Reading what people type: forgiving in form, strict in meaning."""

import re
import unicodedata
from collections.abc import Mapping
from difflib import get_close_matches

from bot.commands import Command, Words, commands
from bot.commands.naming import (
    bare,
    first_word,
    incident_id,
    names_incident,
    request_id,
)
from bot.incident import Refused

LONGEST = 2000  # characters of a message that we read
_QUOTES = str.maketrans(dict.fromkeys("“”„«»", '"'))
_SYNONYMS: Mapping[str, str] = {
    "acknowledge": "ack",
    "acked": "ack",
    "incidents": "alerts",
    "list": "alerts",
    "?": "help",
    "hello": "help",
    "hi": "help",
    "hey": "help",
    "roll-back": "rollback",
    "revert": "rollback",
    "unacknowledge": "unack",
    "un-ack": "unack",
    "give": "assign",
    "sleep": "snooze",
    "mute": "snooze",
    "comment": "note",
    "owners": "owner",
    "summary": "digest",
}
_PAIRS: Mapping[tuple[str, str], str] = {
    ("roll", "back"): "rollback",
    ("un", "ack"): "unack",
    ("who", "owns"): "owner",
    ("open", "alerts"): "alerts",
    ("show", "alerts"): "alerts",
    ("list", "alerts"): "alerts",
}
_POLITE = frozenset(
    ("please", "pls", "hey", "hi", "hello", "can", "could", "would", "will", "you")
)
_US = ("watchkeeper", "@watchkeeper")  # typed, where no mention was picked
_ENDS: Mapping[str, str] = dict.fromkeys(
    ("resolve", "resolved", "close", "closed", "done", "fixed"),
    "An incident ends when its alert does. To say what you make of it, for example: "
    "decide 42 false-positive planned load test",
)
_CIVIL: Mapping[str, str] = {
    **dict.fromkeys(
        ("", *_US), 'Tell me what you need, for example "help" or "alerts".'
    ),
    **dict.fromkeys(
        ("thanks", "thank", "thx", "danke", "ok", "okay"),
        'You are welcome. What is open: "alerts". What you can ask for: "help".',
    ),
}
_DASH = r"[-\u2010-\u2015\u2212]"  # a phone makes one long dash of two
# With dashes anywhere; without, only where it cannot be part of a reason.
_DRY = re.compile(
    rf"(?:^|\s)(?:{_DASH}{{1,2}}\s?dry[- ]?run|dry-run|dry[ -]?run\W*$)(?=\W|$)",
    re.IGNORECASE,
)
_OPTION = re.compile(
    r"(?:^|\s)((?:--|[\u2010-\u2015\u2212]{1,2})([a-z][a-z-]*))", re.IGNORECASE
)
_GLUED = re.compile(  # "ack42"
    r"([a-z-]{2,20}?)(#?(?:[ar]-?)?\d{1,9}[.,:!]?)$", re.IGNORECASE | re.ASCII
)
_WORDS = re.compile(r"[^\W_]")  # else marks, or a picture
_MARKUP = re.compile(r"^(?:[*_`~>\u2022]+|[-\u2013]\s)\s*")


class NothingAsked(Refused):
    """Words that want nothing done, such as thanks; nothing was refused."""


def understand(text: str, incident: str = "") -> tuple[Command, Words]:
    """Return the command in `text` and its words; `dry_run` among them if asked so.

    `incident` is the one that is talked about: meant where a command needs one and
    none is named. Raises Refused, with the nearest command, when there is none, and
    NothingAsked.
    """
    plain, dry = _DRY.subn(" ", _plain(text))
    verb, rest = _split(plain)
    known = commands()
    if incident_id(verb) and not rest:
        verb, rest = "show", verb
    if civil := _CIVIL.get(verb):
        raise NothingAsked(civil)
    if verb not in known:
        raise Refused(_unknown(verb))
    command = known[verb]
    if command.decide:
        _refuse_what_is_no_text(rest)
    if incident and command.about == "incident" and not names_incident(rest):
        rest = f"{incident} {rest}"
    words = command.words(rest)
    return command, {**words, "dry_run": "yes"} if dry else words


def _refuse_what_is_no_text(rest: str) -> None:
    """Refuse what would be taken as part of a reason, and was meant otherwise.

    A rehearsal that is not understood as one would be the real thing.
    """
    for found in _OPTION.finditer(rest):
        before = rest[: found.start()].split()
        if get_close_matches(
            found[2].lower(), ("dry-run", "dryrun"), n=1, cutoff=0.6
        ) or (found[2].lower() == "dry"):
            raise Refused("Did you mean --dry-run? Nothing was changed.")
        if found[1].startswith("--") and len(before) <= 1:
            option = found[1][:20]
            raise Refused(
                f'I do not know "{option}"; there is only --dry-run. Nothing was changed.'
            )
    for line in rest.splitlines()[1:]:
        verb, about = _split(line.strip())
        if verb in commands() and incident_id(first_word(about)[0]):
            raise Refused("One command a message, please. Nothing was changed.")


def overheard(text: str) -> bool:
    """Return whether `text` is a command though nobody addressed us with it.

    Only what cannot be small talk: a command by its own name, then an id.
    """
    verb, rest = first_word(_plain(text))
    about = bare(first_word(rest)[0])
    named = incident_id(about) if about[:2].lower() in ("a-", "#a") else ""
    asked = request_id(about) if about[:2].lower() == "r-" else ""
    return _known_as(verb) in commands() and bool(named or asked)


def verb_of(text: str) -> str:
    """Return the verb that `text` begins with, as we write it."""
    return _split(_plain(text))[0]


def _plain(text: str) -> str:
    """Return `text` in one form of its letters, without the marks around it."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).translate(_QUOTES).strip()
    while plain[:1] in ("*", "_", "`", "~") and plain[1:].endswith(plain[0]):
        plain = plain[1:-1].strip()
    return _MARKUP.sub("", plain, count=1)


def _split(plain: str) -> tuple[str, str]:
    verb, rest = first_word(plain)
    while rest and (bare(verb).lower() in (*_POLITE, *_US) or not _WORDS.search(verb)):
        verb, rest = first_word(rest)
    if glued := _GLUED.match(verb):
        plain = _known_as(glued[1])
        if plain in commands() and _known_as(verb) not in commands():
            return plain, f"{glued[2]} {rest}".strip()
    second, behind = first_word(rest)
    if pair := _PAIRS.get((bare(verb).lower(), bare(second).lower())):
        return pair, behind
    return _known_as(verb), rest


def _known_as(verb: str) -> str:
    plain = bare(verb.strip("/")).lower().strip("/-") or verb.strip("/!.,:;\"'")
    return _SYNONYMS.get(plain, plain)


def _unknown(verb: str) -> str:
    if said := _ENDS.get(verb):
        return said
    every = [*commands(), *(s for s in _SYNONYMS if len(s) > 3)]  # noqa: PLR2004 "hi"
    near = get_close_matches(verb, every, n=1, cutoff=0.6)
    meant = _SYNONYMS.get(near[0], near[0]) if near else ""
    hint = f'Did you mean "{meant}"?' if meant else 'Try "help".'
    return f'I do not know "{verb[:40]}". {hint}'


COMMANDS: tuple[Command, ...] = ()
