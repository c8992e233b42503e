"""The one reader of JSON from outside: what it takes means one thing to everybody.

RFC 8259 with the doors shut that parsers disagree about (RFC 7493, I-JSON): UTF-8
without a byte order mark, every key once, finite numbers of bounded size, no lone
surrogate, no NUL, bounded nesting and number of values.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import orjson

MAX_DEPTH = 64
MAX_VALUES = 100_000  # in the whole document
MAX_MEMBERS = 10_000  # of one object
_INTEGER = (
    20  # characters: every 64-bit integer, signed or not; longer ones are doubles
)
_NUMBER = 400  # characters of any number: every double written out

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)  # unclosed: to the end
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SMALL = 4 * MAX_MEMBERS  # bytes; a member takes more than four
_LONG_RUN = b"0" * (_INTEGER - 1)  # so many digits may make readers differ
_ALIKE = bytes.maketrans(b"123456789{", b"0" * 9 + b"[")
_DOUBTFUL = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class NotJson(ValueError):
    """The bytes are not JSON as we take it. The text says why, never what they held."""


def parse(body: bytes, *, max_depth: int = MAX_DEPTH, nan_is_null: bool = False) -> Any:
    """Return the value that `body` spells: dict, list, str, int, float, bool or None.

    `nan_is_null` reads what Python's own writer made: NaN and infinities become None.

    Raises NotJson and nothing else. An integer of more than 20 characters is read as the
    nearest double, as JavaScript does; every string can be stored as UTF-8 and holds no
    NUL.

    >>> parse(b'{"severity": "Sev1"}')
    {'severity': 'Sev1'}
    >>> parse(b'{"a": 1, "a": 2}')
    Traceback (most recent call last):
    bot.strict_json.NotJson: a key appears twice in one object
    """
    if not nan_is_null and _is_simple(body, max_depth):
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            pass  # the other reader says what is wrong
        else:
            # A second key of one name took the first one's place, quotes and all.
            if orjson.dumps(value).count(b'"') == body.count(b'"'):
                return value
    _bound(body, max_depth)
    try:
        value = _value(_LENIENT if nan_is_null else _DECODER, body.decode("utf-8"))
    except UnicodeDecodeError:
        raise NotJson("the text is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg.lower()} at character {error.pos}") from None
    if b"\\u" in body and _DOUBTFUL.search(body):
        _check_texts(value)
    return value


def _bound(body: bytes, max_depth: int) -> None:
    """Refuse what would cost too much to read. Counting comes first: it is cheap."""
    if body.startswith(b"\xef\xbb\xbf"):
        raise NotJson("the text starts with a byte order mark")
    opened = body.count(b"[") + body.count(b"{")
    if opened <= max_depth and len(body) < MAX_VALUES:
        return
    bare = _STRING.sub(b"", body)
    if bare.count(b",") >= MAX_VALUES:
        raise NotJson(f"more than {MAX_VALUES} values")
    depth = 0
    for bracket in bare.translate(None, delete=_NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > max_depth:
            raise NotJson(f"nested more than {max_depth} deep")


def _is_simple(body: bytes, max_depth: int) -> bool:
    """Return whether a fast reader, which knows fewer rules, takes and reads the same.

    Without escapes two spellings are never one key, no half of a surrogate pair comes
    in, and each quote is the end of a text. Numbers of so few digits are exact, or the
    same doubles everywhere. So few bytes hold no object of too many members.
    """
    if len(body) >= _SMALL or b"\\" in body:
        return False
    alike = body.translate(_ALIKE)
    return alike.count(b"[") <= max_depth and _LONG_RUN not in alike


def _value(decoder: json.JSONDecoder, text: str) -> Any:
    """Return what `text` spells; the first try is for the usual one, with no space around.

    Looking for that space takes the decoder a tenth of its time.
    """
    if text[:1] in {"{", "["}:
        value, end = decoder.raw_decode(text)
        if end == len(text):
            return value
    return decoder.decode(text)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJson("a key appears twice in one object")
    if len(found) > MAX_MEMBERS:
        raise NotJson(f"an object has more than {MAX_MEMBERS} members")
    return found


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _INTEGER else _fraction(digits)


def _fraction(digits: str) -> float:
    if len(digits) > _NUMBER:
        raise NotJson("a number is too long")
    number = float(digits)
    if number - number != 0:  # only an infinity differs from itself
        raise NotJson("a number is too large")
    return number


def _constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is not JSON")


def _check_texts(value: Any) -> None:
    for text in _texts(value):
        if "\0" in text:
            raise NotJson("a text holds a NUL character")
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise NotJson("a text holds half a surrogate pair") from None


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                yield text
            case dict() as members:
                waiting += members.keys()
                waiting += members.values()
            case list() as items:
                waiting += items


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_int=_integer,
    parse_float=_fraction,
    parse_constant=_constant,
)
_LENIENT = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_int=_integer,
    parse_float=_fraction,
    parse_constant=lambda _: None,
)
