"""Every property of every resource and module in deploy/, spoilt in turn: each is found."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.bicep import Checker
from tests.deploy.bicep_file import File, read
from tests.deploy.bicep_values import innermost

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = sorted(DEPLOY.rglob("*.bicep"))


def is_expression(given: dict[str, Any]) -> bool:
    """Tell pycep's own objects from those that the file has."""
    shapes = ({"operator"}, {"function"}, {"condition", "config"})
    lambda_like = given.get("type") == "lambda_expression" and "detail" in given
    return set(given) in shapes or "loop_type" in given or lambda_like


def spots(given: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each object that is written in a body with each of its keys."""
    if isinstance(given, list):
        for each in given:
            yield from spots(each)
    elif isinstance(given, dict) and is_expression(given):
        operator = given.get("operator", {})
        if operator.get("type") == "conditional":
            yield from spots(operator["operands"]["true_value"])
            yield from spots(operator["operands"]["false_value"])
        yield from spots(
            list((given.get("function", {}).get("parameters") or {}).values())
        )
        yield from spots(given.get("config"))
    elif isinstance(given, dict):
        for key, value in list(given.items()):
            if not key.startswith("'${"):  # an identity's id: any name does
                yield given, key
            yield from spots(value)


def renamed(holder: dict[str, Any], key: str) -> None:
    holder[f"{key}X"] = holder.pop(key)


def mistyped(holder: dict[str, Any], key: str) -> None:
    value = holder[key]
    written = isinstance(value, dict) and not is_expression(value)
    holder[key] = "x" if written else {"a": 1}


def found(file: File, each: dict[str, Any]) -> list[str]:
    """Return what the checker says about one resource or module."""
    fresh = File(file.path, file.document)
    checker = Checker(fresh)
    if "detail" in each:
        checker._module(each)  # noqa: SLF001 the whole file again would take minutes
    else:
        checker._resource(each)  # noqa: SLF001 as above
    return fresh.wrong


def parts(file: File) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in ("resources", "modules"):
        yield from file.document.get(kind, {}).items()


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_each_property_spoilt_is_found(path: Path) -> None:
    """
    A mistake that the checker lets through is one that Azure finds, an hour later.
    """
    file = read(path)
    missed = []
    for name, each in parts(file):
        assert [] == found(file, each)
        for number in range(len(list(spots(each["config"])))):
            for spoil in (renamed, mistyped):
                wrong = copy.deepcopy(each)
                holder, key = list(spots(wrong["config"]))[number]
                spoil(holder, key)
                if not found(file, wrong):
                    missed.append((name, key, spoil.__name__))

    assert [] == missed


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_each_unknown_type_is_found(path: Path) -> None:
    """
    An API version that never was, and a kind with one letter less.
    """
    file = read(path)
    resources = file.document.get("resources", {}).values()
    wrong = [{**each, "api_version": "2024-13-01"} for each in resources]
    wrong += [{**each, "type": each["type"][:-1]} for each in resources]

    assert [] == [each["type"] for each in wrong if not found(file, each)]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_each_name_left_out_is_found(path: Path) -> None:
    """
    Also of what exists already, whose bodies no type describes.
    """
    file = read(path)
    wrong = copy.deepcopy(file.document.get("resources", {}))
    for each in wrong.values():
        del innermost(each["config"])["name"]

    assert [] == [name for name, each in wrong.items() if not found(file, each)]
