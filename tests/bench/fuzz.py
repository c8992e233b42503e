"""Millions of hostile bodies at the door's own code: `python -m tests.bench.fuzz [N]`.

Half are real payloads distorted as JSON, half are their bytes broken at random. Each must
be taken or refused in words, alike by the door and by the worker that reads it later, and
the strict reader must take nothing that Python's own reader understands otherwise.
"""

import json
import random
import sys
import time
from collections import Counter
from copy import deepcopy
from typing import Any

from bot import sources
from bot.sources import NotAnAlert, Route
from bot.strict_json import NotJson, parse
from tests.door.goldens import SAMPLES, route
from tests.door.test_sources_fuzz import agreed

_ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, 2**63, "", "\0", "\ud800", "{{x}}", "<at>", "a" * 5000,
    [], {}, [[]], {"a": {}}, "2026-11-20T07:02:11Z", "0001-01-01T00:00:00Z", "Sev9",
)  # fmt: skip
_TOKENS = (
    b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\\u0000", b"NaN", b"1e999", b"\xff",
    b"\xef\xbb\xbf", b"\xed\xa0\x80", b"null", b'"a":1,"a":2', b"-",
)  # fmt: skip


def distorted(chance: random.Random, document: Any) -> bytes:
    """Return the document with up to four of its values replaced, removed or doubled."""
    document = json.loads(json.dumps(document))
    for _ in range(chance.randint(1, 4)):
        place = document
        while isinstance(place, dict | list) and place:
            key = chance.choice(
                list(place) if isinstance(place, dict) else range(len(place))
            )
            if chance.random() < 0.3 or not isinstance(place[key], dict | list):
                _change(chance, place, key)
                break
            place = place[key]
    return json.dumps(document).encode()


def _change(chance: random.Random, place: Any, key: Any) -> None:
    if isinstance(place, dict) and chance.random() < 0.3:
        del place[key]
    elif isinstance(place, list) and chance.random() < 0.3:
        place.append(deepcopy(place[key]))
    else:
        place[key] = deepcopy(chance.choice(_ODD))


def broken(chance: random.Random, body: bytes) -> bytes:
    """Return the bytes with up to eight of them cut, flipped or added to."""
    found = bytearray(body)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(found) + 1)
        match chance.randrange(4):
            case 0:
                del found[at : at + chance.randint(1, 40)]
            case 1:
                found[at:at] = chance.choice(_TOKENS)
            case 2 if at < len(found):
                found[at] ^= 1 << chance.randrange(8)
            case _:
                found[at:at] = found[at : at + 60]
    return bytes(found)


def one(chance: random.Random, where: Route, body: bytes, document: Any) -> str:
    made = (
        distorted(chance, document) if chance.random() < 0.5 else broken(chance, body)
    )
    try:
        value = parse(made)
        assert value == json.loads(made), made
    except NotJson:
        pass
    agreed(where, made)
    try:
        sources.check(where, made)
    except NotAnAlert:
        return "refused"
    return "taken"


def main(number: int) -> None:
    chance = random.Random(number)  # noqa: S311 a run that can be repeated
    found = [(route(p.stem), p.read_bytes()) for p in sorted(SAMPLES.glob("*.json"))]
    samples = [(where, body, json.loads(body)) for where, body in found]
    tally: Counter[str] = Counter()
    slowest, begun = 0.0, time.perf_counter()
    for _ in range(number):
        where, body, document = chance.choice(samples)
        before = time.perf_counter()
        tally[one(chance, where, body, document)] += 1
        slowest = max(slowest, time.perf_counter() - before)
    took = time.perf_counter() - begun
    print(  # noqa: T201
        f"{number} bodies in {took:.0f} s: {dict(tally)}; slowest {slowest * 1e3:.0f} ms"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000)
