"""ARM ids, taken apart and spelled one way: two that are equal name one resource."""

import re
import unicodedata
from typing import Any
from urllib.parse import unquote

_LONGEST = 2000
_SEGMENT = re.compile(r"[a-z0-9_().#+~-]([a-z0-9_().#+ ~-]*[a-z0-9_()#+~-])?")
_GROUP_AT = 3  # /subscriptions/{}/resourceGroups/{}


def arm_id(value: Any) -> str | None:
    """Return an ARM id in lower case, or None when it is not exactly one.

    Taken apart and checked whole: no dot segments, no other host, ASCII alone (but in
    the name of the resource group), and no second "providers" (a role assignment *on*
    an endpoint is not the endpoint).

    >>> arm_id("/subscriptions/S/resourceGroups/RG/providers/Microsoft.X/types/Name")
    '/subscriptions/s/resourcegroups/rg/providers/microsoft.x/types/name'
    >>> arm_id("/subscriptions/s/resourceGroups/rg/providers/a/b/../../secrets")
    """
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    head, *parts = value.rstrip("/").split("/")
    grouped = [p.lower() for p in parts[2:_GROUP_AT]] == ["resourcegroups"]
    spelled = [
        group(part) if grouped and at == _GROUP_AT else _segment(part)
        for at, part in enumerate(parts)
    ]
    return _whole(spelled) if not head and all(spelled) else None


def group(name: str) -> str:
    r"""Return a resource group's name as one way of writing it, "" when it is none.

    It may hold letters of any alphabet. Senders spell those as one sign or as two, or
    by percent as in an address; no sign counts as the ASCII one that it resembles.

    >>> group("RG-Pr%C3%BCfung") == group("rg-pru\u0308fung") == "rg-pr\xfcfung"
    True
    >>> group("rg-ris\u212a"), group("rg%2Fx"), group("rg\u200bx")
    ('', '', '')
    """
    if name.isascii() and "%" not in name:
        return _segment(name)
    try:
        plain = unquote(name, errors="strict")
    except UnicodeDecodeError:
        return ""
    for sign in plain:
        if not sign.isascii() and any(s.isascii() for s in _lower(sign)):
            return ""
    found = _lower(plain)
    usual = all(s.isalnum() or s in "_().-" or _is_mark(s) for s in found)
    return found if usual and not found.endswith(".") else ""


def _lower(text: str) -> str:
    lower = unicodedata.normalize("NFC", text).lower()
    return unicodedata.normalize("NFC", lower).replace("\u03c2", "\u03c3")  # sigmas


def _is_mark(sign: str) -> bool:
    """Return whether it is written onto the letter before it, as Hindi's vowels are."""
    return unicodedata.category(sign) in {"Mn", "Mc"}


def _segment(part: str) -> str:
    lower = part.lower() if part.isascii() else ""
    return lower if _SEGMENT.fullmatch(lower) and set(lower) != {"."} else ""


def _whole(parts: list[str]) -> str | None:
    match parts:
        case ["subscriptions", _]:
            pass
        case ["subscriptions", _, "resourcegroups", _, *rest] if _provided(rest):
            pass
        case ["subscriptions", _, *rest] if _provided(rest):
            pass
        case _:
            return None
    return "/" + "/".join(parts)


def _provided(parts: list[str]) -> bool:
    """Return whether the rest is nothing, or providers/{namespace}/({type}/{name})+."""
    if not parts:
        return True
    kind, *path = parts
    return (
        kind == "providers"
        and "providers" not in path
        and len(path) >= 3  # noqa: PLR2004  a namespace, a type, a name
        and len(path) % 2 == 1
    )
