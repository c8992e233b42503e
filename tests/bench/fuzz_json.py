"""Millions of texts at the strict JSON reader: `python -m tests.bench.fuzz_json [N] [SEED]`.

Each text is made from the grammar, with the odd piece in it on which readers differ, and
a third have their bytes broken. Two others judge it: our rules written a second time, over
Python's reader as it comes, and a reader of another make. The strict one must take and
refuse the same, for nothing but its own reason, and read the same value.
"""

import json
import random
import sys
import time
from collections import Counter
from typing import Any, Final, NoReturn

from pydantic_core import from_json

from bot.strict_json import NotJson, parse

REFUSED: Final = object()
LONG: Final = 20  # characters of an integer that stays one
SPACES = (
    "",
    "",
    "",
    "",
    " ",
    "\n",
    "\t",
    "\r\n",
    "  ",
    "\x0b",
    "\xa0",
    "\u2028",
    "\ufeff",
)
NUMBERS = (
    "0", "-0", "-0.0", "1e5", "1E+5", "2e308", "-1e999", "1e-400", "5e-324",
    "1.7976931348623157e308", "01", "-01", "+1", ".5", "1.", "1e", "1e+", "-", "--1",
    "0x1F", "1_0", "1e5.5", "\u0661", "Infinity", "-Infinity", "NaN", "nan", "inf",
    "18446744073709551615", "-9223372036854775808", "123456789012345678901",
)  # fmt: skip
WORDS = (
    "true",
    "false",
    "null",
    "True",
    "nul",
    "TRUE",
    "undefined",
    "//",
    "''",
    "tru\\u0065",
)
PIECES = (
    "a", "b", "é", "\u20ac", "\U0001f600", "\x7f", "\u2028", "\u202e", "\x00", "\x1f",
    "\n", "\\n", "\\/", '\\"', "\\\\", "\\'", "\\x41", "\\u", "\\u12", "\\u0061",
    "\\u0000", "\\ud83d\\ude00", "\\ud83d", "\\ude00\\ud83d", "\\uDBFF\\uDFFF", "\\ud83du",
    "{", "]", ",", ":",
)  # fmt: skip
KEYS = (
    '"a"',
    '"a"',
    '"b"',
    '"\\u0061"',
    '"A"',
    '""',
    "a",
    "'a'",
    "1",
    '"c" "d"',
    "null",
)
RAW = (
    b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\x00",
    b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\xff\xfe", b"\xe2\x82", b"/**/",
)  # fmt: skip


class _Pairs(list[tuple[str, Any]]):
    """The members of an object as they stand, doubled ones too."""


class _Written(str):
    """A number as it is spelled."""

    __slots__ = ()


class _Constant(str):
    """NaN or an infinity."""

    __slots__ = ()


class _No(Exception):
    pass


def text(chance: random.Random, depth: int) -> str:
    """Return a text that is JSON more often than not, at most `depth` deep."""
    space = chance.choice(SPACES) if chance.random() < 0.3 else ""
    draw = chance.random()
    if depth > 0 and draw < 0.3:
        inner = ",".join(_member(chance, depth) for _ in range(chance.randint(0, 4)))
        found = f"{{{inner}{_slip(chance)}}}"
    elif depth > 0 and draw < 0.55:
        inner = ",".join(text(chance, depth - 1) for _ in range(chance.randint(0, 4)))
        found = f"[{inner}{_slip(chance)}]"
    elif draw < 0.75:
        found = _string(chance)
    elif draw < 0.95:
        found = _number(chance)
    else:
        found = chance.choice(WORDS)
    return f"{space}{found}{space}"


def _member(chance: random.Random, depth: int) -> str:
    key = chance.choice(KEYS) if chance.random() < 0.2 else f'"k{chance.randrange(60)}"'
    between = (
        ":" if chance.random() < 0.99 else chance.choice(("", "=", "::", " :", ","))
    )
    return f"{key}{between}{text(chance, depth - 1)}"


def _slip(chance: random.Random) -> str:
    return chance.choice((",", ":", "]", "}", '"')) if chance.random() < 0.01 else ""


def _string(chance: random.Random) -> str:
    if chance.random() < 0.7:
        return '"plain"'
    return '"' + "".join(chance.choices(PIECES, k=chance.randint(0, 3))) + '"'


def _number(chance: random.Random) -> str:
    draw = chance.random()
    if draw < 0.6:
        return str(chance.randint(-9, 99))
    if draw < 0.7:  # where integers become doubles, and where no number is read
        return "1" * chance.choice((18, 19, 20, 21, 22, 308, 309, 399, 400, 401, 4301))
    if draw < 0.75:
        return "0." + "3" * chance.choice((17, 397, 398, 399, 400))
    return chance.choice(NUMBERS)


def body(chance: random.Random) -> bytes:
    """Return what a caller might send."""
    deep = chance.random() < 0.02
    inside = text(chance, chance.randint(0, 3))
    if deep:  # about the deepest that is read
        many = chance.randint(60, 68)
        opened, closed = chance.choice((("[", "]"), ('{"a":', "}"), ('["]",', "]")))
        inside = opened * many + inside + closed * many
    made = bytearray(inside.encode("utf-8", "surrogatepass"))
    if chance.random() < 0.33:
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(made) + 1)
            match chance.randrange(3):
                case 0:
                    del made[at : at + chance.randint(1, 6)]
                case 1:
                    made[at:at] = chance.choice(RAW)
                case _ if at < len(made):
                    made[at] ^= 1 << chance.randrange(8)
    return bytes(made)


def expected(made: bytes, *, depth: int, nan_is_null: bool) -> Any:
    """Return the value by our rules as they are written in the reader's docstring."""
    try:
        if made[:3] == b"\xef\xbb\xbf":
            return REFUSED
        value = json.loads(
            made.decode("utf-8"),
            object_pairs_hook=_Pairs,
            parse_int=_Written,
            parse_float=_Written,
            parse_constant=_Constant,
        )
        return _settled(value, depth, None if nan_is_null else REFUSED)
    except (ValueError, RecursionError, _No):
        return REFUSED


def _settled(value: Any, depth: int, constants: Any) -> Any:
    """Return the value of what was read; `constants` is what NaN stands for."""
    match value:
        case _Constant():
            return _no() if constants is REFUSED else constants
        case _Written():
            return _figure(value)
        case str():
            return _no() if "\0" in value or _halved(value) else value
        case list() if depth == 0:
            _no()
        case _Pairs():
            if len({key for key, _ in value}) != len(value):
                _no()
            return {
                _settled(key, 0, constants): _settled(inner, depth - 1, constants)
                for key, inner in value
            }
        case list():
            return [_settled(inner, depth - 1, constants) for inner in value]
    return value


def _figure(written: str) -> int | float:
    if len(written) <= LONG and written.lstrip("-").isdigit():
        return int(written)
    found = float(written)
    if len(written) > 400 or found in (float("inf"), float("-inf")):
        _no()
    return found


def _doubles(value: Any) -> Any:
    """Return what the other reader found, its long integers as the doubles they become."""
    match value:
        case dict():
            return {key: _doubles(inner) for key, inner in value.items()}
        case list():
            return [_doubles(inner) for inner in value]
        case int() if len(str(value)) > LONG:
            return float(value)
    return value


def _halved(value: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in value)


def _no() -> NoReturn:
    raise _No


def one(chance: random.Random) -> str:
    """Judge one text by all three. Raises AssertionError where they differ."""
    made = body(chance)
    lenient = chance.random() < 0.1
    depth = 64 if chance.random() < 0.9 else chance.randint(1, 4)
    wanted = expected(made, depth=depth, nan_is_null=lenient)
    try:
        found = parse(made, max_depth=depth, nan_is_null=lenient)
    except NotJson:
        found = REFUSED
    assert (wanted is REFUSED) == (found is REFUSED), made
    if found is REFUSED:
        return "refused"
    assert repr(wanted) == repr(found), made  # types too: True is not 1, -0.0 not 0.0
    if not lenient:
        assert found == _doubles(from_json(made, allow_inf_nan=False)), made
    return "taken"


def main(number: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 a run that can be repeated
    tally: Counter[str] = Counter()
    begun = time.perf_counter()
    for _ in range(number):
        tally[one(chance)] += 1
    took = time.perf_counter() - begun
    print(f"{number} texts in {took:.0f} s, seed {seed}: {dict(tally)}")  # noqa: T201


if __name__ == "__main__":
    given = [int(a) for a in sys.argv[1:]]
    main(*(given + [3_000_000, 1][len(given) :]))
