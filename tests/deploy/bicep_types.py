"""Azure's resource types as fixtures hold them: `check` finds what a value gets wrong.

A key may end in "!" (required), "~" (Azure writes it, we must not) or "w" (cannot be
read back); "*" stands for any name, "<by KEY>" for variants chosen by the value of KEY.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from tests.deploy import bicep_limits as limits

FIXTURES = Path(__file__).parent.parent / "fixtures" / "bicep-types"
Spec: TypeAlias = str | list[Any] | dict[str, Any]
_NONE: tuple[str, Spec] = ("?", "any")  # what no type knows
_OURS = {"parent", "scope", "dependsOn"}  # Bicep's own, on any resource


@dataclass(frozen=True)
class Unknown:
    """A value that only a deployment knows; `kind` is its type, "" if that too."""

    kind: str = ""


@dataclass(frozen=True)
class Choice:
    """One of several values, decided by a condition."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Each:
    """An array of as many items like `item` as a loop has turns."""

    item: Any


@dataclass(frozen=True)
class Joined:
    """An array made of several, one after the other."""

    parts: tuple[Any, ...]


@cache
def types() -> Mapping[str, Mapping[str, Spec]]:
    """Return the bodies of all known types, by "Kind/name@version"."""
    found = (json.loads(p.read_text("utf-8")) for p in sorted(FIXTURES.glob("*.json")))
    return {each["type"]: each["body"] for each in found}


def resource(kind: str, body: Any) -> Iterator[str]:
    """Yield what is wrong with a resource's body."""
    spec = types().get(kind)
    if spec is None:
        yield f"there is no type {kind}"
        return
    yield from check({k: v for k, v in body.items() if k not in _OURS}, dict(spec), "")


def lookup(kind: str, path: list[str]) -> Spec | None:
    """Return the type of a property that is read from a resource, None if it is none."""
    spec: Spec = dict(types()[kind])
    for name in path:
        if spec == "any":
            return spec
        fields = _fields(spec) if isinstance(spec, dict) else {}
        if name not in fields and "*" not in fields:
            return None
        spec = fields.get(name, fields.get("*", ("", "any")))[1]
    return spec


def kind_of(spec: Spec) -> str:
    """Return "string", "int", "bool", "array", "object", or "" for anything."""
    if isinstance(spec, str):
        bare = re.sub(r"'[^']*'", "string", spec).split(" ")[0]
        return "" if bare == "any" else bare
    return "array" if isinstance(spec, list) else "object"


def check(
    value: Any, spec: Spec, where: str, *, optional: bool = False
) -> Iterator[str]:
    """Yield what stands against `value` as a `spec`, with the path to it."""
    if value is None and optional:
        return
    if isinstance(value, Choice):
        for each in value.values:
            yield from check(each, spec, where, optional=optional)
    elif isinstance(value, Unknown):
        if value.kind and kind_of(spec) not in {"", value.kind}:
            yield f"{where}: {value.kind} where {kind_of(spec)} belongs"
    elif isinstance(spec, dict):
        yield from _object(value, spec, where)
    elif isinstance(spec, list):
        yield from _array(value, spec[0], where)
    else:
        yield from _scalar(value, spec, where)


def _array(value: Any, item: Spec, where: str) -> Iterator[str]:
    if isinstance(value, Each):
        yield from check(value.item, item, f"{where}[]")
    elif isinstance(value, Joined):
        for part in value.parts:
            yield from check(part, [item], where)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from check(each, item, f"{where}[{number}]")
    else:
        yield f"{where}: {_name(value)} where array belongs"


def _object(value: Any, spec: dict[str, Any], where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {_name(value)} where object belongs"
        return
    wrong, fields = _chosen(value, spec, where)
    yield from wrong
    for name, given in value.items():
        path = f"{where}.{name}".lstrip(".")
        # Beside names of its own an open object would take a typing error as one more.
        others = fields.get("*", _NONE) if set(fields) == {"*"} else _NONE
        flag, inner = fields.get(name, others)
        if flag == "?":
            yield f"{path}: there is no such property"
        elif "~" in flag:
            yield f"{path}: Azure writes this property, we cannot"
        else:
            yield from check(given, inner, path, optional="!" not in flag)
            for odd in filter(None, (limits.value(name, v) for v in _either(given))):
                yield f"{path}: {odd}"
    for name, (flag, _) in fields.items():
        if "!" in flag and name not in value:
            yield f"{where}: {name} is missing".lstrip(": ")


def _either(value: Any) -> Iterator[Any]:
    """Yield what a value may come to, whatever conditions decide it."""
    if isinstance(value, Choice):
        for each in value.values:
            yield from _either(each)
    else:
        yield value


def _chosen(
    value: dict[str, Any], spec: dict[str, Any], where: str
) -> tuple[list[str], dict[str, tuple[str, Spec]]]:
    """Return the fields of the variant that `value` is, or why it is none."""
    key = next((k for k in spec if k.startswith("<by ")), None)
    if key is None:
        return [], _fields(spec)
    chooser, variants = key[4:-1], spec[key]
    choice = value.get(chooser)
    if isinstance(choice, str) and choice in variants:
        return [], _fields({k: v for k, v in spec.items() if k != key}) | _fields(
            variants[choice]
        )
    return [f"{where}: {chooser} {choice!r} is none of {', '.join(variants)}"], {
        "*": ("", "any")
    }


def _fields(spec: dict[str, Any]) -> dict[str, tuple[str, Spec]]:
    found: dict[str, tuple[str, Spec]] = {}
    for key, inner in spec.items():
        if key.startswith("<by "):
            for variant in inner.values():
                found |= _fields(variant)
            continue
        name, _, flag = key.partition(" ")
        found[name] = flag, inner
    return found


def _scalar(value: Any, spec: str, where: str) -> Iterator[str]:
    if spec == "any":
        return
    expected = kind_of(spec)
    if _name(value) != expected:
        yield f"{where}: {_name(value)} where {expected} belongs"
    elif isinstance(value, str) and "${" not in value:
        literals = re.findall(r"'([^']*)'", spec.split(" /", maxsplit=1)[0])
        # Azure takes values that its types do not list yet; we use none of those.
        if literals and value not in literals:
            yield f"{where}: {value!r} is none of {', '.join(literals)}"
        pattern = re.search(r" /(.*)/$", spec)
        if pattern and not re.search(pattern[1], value):
            yield f"{where}: {value!r} does not match {pattern[1]}"


def _name(value: Any) -> str:
    names = {str: "string", bool: "bool", int: "int", dict: "object", list: "array"}
    if isinstance(value, Each | Joined):
        return "array"
    return "null" if value is None else names.get(type(value), type(value).__name__)
