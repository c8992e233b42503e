"""What stands against a Bicep file whatever its resources are: names, functions, scopes."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

_FUNCTIONS = """
any array base64 base64ToJson base64ToString bool cidrHost cidrSubnet coalesce concat
contains dataUri dataUriToString dateTimeAdd dateTimeFromEpoch dateTimeToEpoch deployer
deployment empty endsWith environment extensionResourceId fail filter first flatten format
getSecret groupBy guid indexOf int intersection items join json last lastIndexOf length
loadDirectoryFileInfo loadFileAsBase64 loadJsonContent loadTextContent loadYamlContent
managementGroup managementGroupResourceId map mapValues max min nameof newGuid objectKeys
padLeft parseCidr pickZones range readEnvironmentVariable reduce reference replace
resourceGroup resourceId shallowMerge skip sort split startsWith string subscription
subscriptionResourceId substring take tenant tenantResourceId toLower toObject toUpper trim
union uniqueString uri uriComponent uriComponentToString utcNow
"""  # Bicep's own; those that begin with "list" belong to resources
_SCOPES = {
    "resource_group": "resourceGroup",
    "subscription": "subscription",
    "tenant": "tenant",
    "management_group": "managementGroup",
}
MODULE = {"name", "params", "scope", "dependsOn"}
_DECLARED = re.compile(
    r"^(?:param|var|resource|module|output|func|type) +([A-Za-z_]\w*)", re.MULTILINE
)


def known(function: str) -> bool:
    """Return whether Bicep has this function; pycep names some in snake_case."""
    camel = re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), function)
    return camel in _FUNCTIONS.split() or camel.startswith("list")


def code(text: str) -> str:
    """Return `text` without the lines that are comments."""
    lines = text.splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("//"))


def twice(text: str) -> Iterator[str]:
    """Yield the names that a file declares twice; an output is in a list of its own."""
    outputs = r"^output +([A-Za-z_]\w*)"
    inner = re.sub(r"^output .*$", "", code(text), flags=re.MULTILINE)
    for found in (_DECLARED.findall(inner), re.findall(outputs, text, re.MULTILINE)):
        yield from (n for n, times in Counter(found).items() if times > 1)


def unused(text: str, declared: list[str]) -> Iterator[str]:
    """Yield which of the `declared` names stand in the file but once."""
    bare = code(text)
    for name in declared:
        if len(re.findall(rf"\b{re.escape(name)}\b", bare)) < 2:
            yield name


def scope(given: Any) -> str:
    """Return what a module's `scope:` comes to, "" when it cannot be told."""
    function = given.get("function", {}) if isinstance(given, dict) else {}
    return _SCOPES.get(str(function.get("type")), "")


def child(kind: str, name: Any, parent: str | None) -> Iterator[str]:
    """Yield why a resource cannot have this type, name and parent ("" is unknown)."""
    short = kind.partition("@")[0]
    above = short.rpartition("/")[0]
    if parent is None:
        slashes = short.count("/") - 1
        literal = isinstance(name, str) and name.count("/") < slashes
        if literal and "${" not in name:
            yield f"{short} lies in another resource: parent is missing"
    elif parent and above.lower() != parent.partition("@")[0].lower():
        yield f"parent: a {parent.partition('@')[0]} is no parent of {short}"


def existing(body: dict[str, Any]) -> Iterator[str]:
    """Yield what stands against the body of a resource that is only referred to."""
    name = body.get("name")
    if name is None:
        yield "name is missing"
    elif isinstance(name, int | list | dict):
        yield "name: a string belongs there"
    for key in sorted(set(body) - {"name", "parent", "scope"}):
        yield f"{key}: there is no such property of what exists already"


def limits(parameter: dict[str, Any], value: Any) -> Iterator[str]:
    """Yield what the decorators of a parameter have against a value."""
    for each in parameter.get("decorators") or []:
        kind, limit = each["type"], each.get("argument")
        if kind == "allowed":
            if isinstance(value, str | int) and value not in limit:
                yield f"{value!r} is none of {', '.join(map(str, limit))}"
            continue
        side, _, what = kind.partition("_")
        size = (
            len(value) if isinstance(value, str | list) and what == "length" else value
        )
        if what not in {"length", "value"} or not isinstance(size, int):
            continue
        if not isinstance(limit, int):
            yield f"{side}{what.title()} {limit!r} is no number"
            continue
        if size < limit if side == "min" else size > limit:
            yield f"{value!r} is beyond {side}{what.title()} {limit}"
