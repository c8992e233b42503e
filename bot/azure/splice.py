"""One value of a JSON document exchanged in its text: every other byte stays as it was.

Read and written again, a document is Azure's no longer: numbers lose digits, what was
escaped is not, and of a name that stands twice one is gone.
"""

import json
import re
from collections.abc import Mapping

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


def spliced(raw: bytes, traffic: Mapping[str, int]) -> bytes:
    """Return `raw` with `traffic` as `properties.traffic`; ValueError if it has none."""
    text = raw.decode("utf-8-sig")
    start = _space(text, 0)
    properties = _value(text, start, "properties")
    if properties is None or text[properties[0]] != "{":
        raise ValueError("a document without properties")
    written = json.dumps(traffic, ensure_ascii=False)
    found = _value(text, properties[0], "traffic")
    if found is None:
        behind = properties[0] + 1
        more = "" if text[_space(text, behind)] == "}" else ","
        found, written = (behind, behind), f'"traffic": {written}{more}'
    return f"{text[: found[0]]}{written}{text[found[1] :]}".encode()


def _value(text: str, start: int, name: str) -> tuple[int, int] | None:
    """Return where the value of a member stands in the object that begins at `start`.

    Of two with one name the last counts, as for whoever reads it; None: there is none.
    """
    found, at = None, _space(text, start + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        begin = _space(text, _space(text, at) + 1)  # behind the colon
        _, end = _DECODER.raw_decode(text, begin)
        if key == name:
            found = (begin, end)
        at = _space(text, end)
        if text[at] == ",":
            at = _space(text, at + 1)
    return found


def _space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
