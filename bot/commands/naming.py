"""Reading what a word names: an incident, a request, an endpoint, in any dress."""

import re

from bot.commands import Command
from bot.incident import Refused

_INCIDENT = re.compile(r"^#?(?:a-?)?([0-9]{1,9})$", re.IGNORECASE)
_REQUEST = re.compile(r"^#?(?:r-?)?([0-9]{1,9})$", re.IGNORECASE)
_AROUND = "\"'\u2018\u2019\u201a`*_~()[]<>.,:;!?"  # quotes, brackets, marks, Markdown
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
_NOUNS = frozenset(
    {"incident", "alert", "request", "endpoint", "model", "no", "number"}
)
_FILLERS = _NOUNS | {"of", "for", "on", "in", "the", "about", "with", "me", "is", "#"}
_PREFIXES = frozenset({"a", "r", "#a", "#r"})  # "A 42"
_LEADS = re.compile(r"^(?:[:;,]\s*|[\u2013\u2014-]+\s+)+")
_ALSO = re.compile(r"(?:[\s,;&+]+|\band\b)+", re.IGNORECASE)


def first_word(text: str) -> tuple[str, str]:
    """Return the first word of `text`, and the rest.

    >>> first_word("  ack   42 looking ")
    ('ack', '42 looking')
    """
    first, *rest = text.split(maxsplit=1) or [""]
    return first.strip(), (rest[0].strip() if rest else "")


def bare(word: str) -> str:
    """Return a name without the marks around it.

    A phone makes a long dash of a hyphen; no name of ours holds one. Signs that cannot
    be seen stay: a word that only looks like ours is not to become it.

    >>> bare('"A\u201342".'), bare("loan-prescreening?")
    ('A-42', 'loan-prescreening')
    """
    return _DASHES.sub("-", word).strip(_AROUND)


def named(text: str) -> tuple[str, str]:
    """Return what `text` names first, and the rest; small words lead to it.

    >>> named("incident 42, on it"), named("of loan-prescreening"), named("A 42")
    (('42', 'on it'), ('loan-prescreening', ''), ('A-42', ''))
    """
    first, rest = first_word(text)
    while rest and bare(first).lower() in _FILLERS | {""}:
        first, rest = first_word(rest)
    word, (next_word, behind) = bare(first), first_word(rest)
    if word.lower() in _PREFIXES and bare(next_word).isdigit():
        word, rest = f"{word}-{bare(next_word)}", behind
    return word, _LEADS.sub("", rest)


def names_incident(text: str) -> bool:
    """Return whether `text` says outright which incident: "42 …", "alert 42", "on A-7".

    "on 3 hosts" does not: in a card's thread it is part of what is said.
    """
    first, tail = first_word(text)
    first = bare(first)
    if incident_id(first):
        span = (
            r"(?:h|d|w|m|min|hrs?|hours?|days?|weeks?|minutes?"
            r"|std|stunden?|tage?|wochen?|minuten?)\b"
        )
        return not (first.isdigit() and re.match(span, tail, re.IGNORECASE))
    word = named(text)[0]
    plain = first.lower() in _NOUNS or not word.isdigit()
    return bool(incident_id(word)) and plain and first.lower() not in _PREFIXES


def one(text: str) -> tuple[str, str]:
    """Return as `named` does. Raises Refused when several incidents are named."""
    first, rest = named(text)
    if more := _others(rest):
        every = ", ".join([incident_id(first) or first, *more][:5])
        raise Refused(f"One at a time, please: {every}. Nothing was changed.")
    return first, rest


def _others(text: str) -> list[str]:
    """Return the further incidents that `text` names, if it holds nothing else.

    >>> _others("and 43, A-44"), _others("43 people called")
    (['A-43', 'A-44'], [])
    """
    found = [incident_id(bare(w)) for w in _ALSO.split(text) if w]
    return found if all(found) else []


def incident_id(word: str) -> str:
    """Return the id that a person means by 42, #42, A-42 or a42; "" if none.

    >>> incident_id("a42"), incident_id("#42"), incident_id("blue")
    ('A-42', 'A-42', '')
    """
    found = _INCIDENT.match(bare(word.strip()))
    return f"A-{int(found[1])}" if found else ""


def request_id(word: str) -> str:
    """Return the id that a person means by 7, #7, R-7 or r7; "" if none."""
    found = _REQUEST.match(bare(word.strip()))
    return f"R-{int(found[1])}" if found else ""


def unquoted(text: str) -> str:
    """Return a text without the quotes around it; a quotation within keeps its own.

    >>> unquoted('"feed is late"'), unquoted('see "runbook 7"')
    ('feed is late', 'see "runbook 7"')
    """
    plain = text.strip()
    around = plain[:1] == plain[-1:] == '"' and '"' not in plain[1:-1]
    return plain.strip('"').strip() if around or plain.count('"') == 1 else plain


def within(text: str, limit: int) -> str:
    """Return `text`. Raises Refused where it is longer: a record is not cut unsaid."""
    if len(text) > limit:
        raise Refused(
            f"That is too long to keep: {limit:,} characters at most. Nothing was changed."
        )
    return text


def shortened(text: str, limit: int) -> str:
    """Return a note that is no record, cut so that everybody sees it."""
    return text if len(text) <= limit else f"{text[: limit - 1]}\u2026"


def reason_in(text: str) -> str:
    """Return a reason without its quotes; "" when nobody could read one in it.

    >>> reason_in(' "feed is late" '), reason_in('""'), reason_in("\u200b . ")
    ('feed is late', '', '')
    """
    plain = unquoted(text)
    return plain if any(c.isalnum() for c in plain) else ""


COMMANDS: tuple[Command, ...] = ()
