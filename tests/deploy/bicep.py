"""Checks Bicep files offline, as far as they can be known before they are deployed.

Every resource body against Azure's types, every name and function that is used, every
property that is read from another resource, the parameters, outputs and scope of every
module, and where each resource lies.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pycep.models import BicepElement

from tests.deploy import bicep_limits as limits
from tests.deploy import bicep_rules as rules
from tests.deploy import bicep_types as azure
from tests.deploy.bicep_file import File, read
from tests.deploy.bicep_types import Unknown
from tests.deploy.bicep_values import Symbol, Values, innermost, spec

__all__ = ["File", "parameters", "problems", "read"]


def problems(path: Path) -> list[str]:
    """Return what is wrong in the file at `path`; [] when nothing is."""
    file = read(path)
    if file.wrong:
        return file.wrong
    Checker(file).run()
    text = path.read_text("utf-8")
    declared = [*file.parameters, *file.document.get("variables", {})]
    file.wrong += [
        f"{path.name}: {n} is never used" for n in rules.unused(text, declared)
    ]
    file.wrong += [f"{path.name}: {n} is declared twice" for n in rules.twice(text)]
    file.wrong += [f"{path.name}: {x}" for x in limits.texts(text)]
    return file.wrong


class Checker(Values):
    """Walks one file."""

    def run(self) -> None:
        document = self._file.document
        for name, each in self._file.parameters.items():
            self._here = f"param {name}"
            if each["default"] is not None:
                self._default(each)
        for name in self._variables:
            self._here = f"var {name}"
            self._value(BicepElement(name), {})
        for name, each in document.get("resources", {}).items():
            self._here = f"resource {name}"
            self._resource(each)
        for name, each in document.get("modules", {}).items():
            self._here = f"module {name}"
            self._module(each)
        for name, each in document.get("outputs", {}).items():
            self._here = f"output {name}"
            value = self._value(each["value"], {})
            self._all(azure.check(value, str(each["type"]), "value"))

    def _all(self, found: Iterable[str], where: str = "") -> None:
        for text in found:
            self._say(f"{where}{text}")

    def _default(self, parameter: dict[str, Any]) -> None:
        value = self._value(parameter["default"], {})
        self._all(azure.check(value, spec(str(parameter["type"])), "default"))
        self._all(rules.limits(parameter, value), "default: ")

    def _resource(self, each: dict[str, Any]) -> None:
        body = self._body(each["config"])
        kind = f"{each['type']}@{each['api_version']}"
        self._placed(kind, body)
        if odd := limits.extension(kind, body.get("scope")):
            self._say(odd)
        if not each["existing"]:
            self._all(azure.resource(kind, body))
        else:
            self._all(rules.existing(body))
            if kind not in azure.types():
                self._say(f"there is no type {kind}")

    def _placed(self, kind: str, body: dict[str, Any]) -> None:
        """Look at where a resource lies: in its parent, or at the scope it names."""
        parent, scope = body.get("parent"), body.get("scope")
        if parent is not None and not isinstance(parent, Symbol):
            self._say("parent: no resource of this file")
            return
        for text in rules.child(
            kind, body.get("name"), None if parent is None else parent.kind
        ):
            self._say(text)
        if isinstance(scope, str | list | int | dict) or (
            isinstance(scope, Unknown) and scope.kind == "string"
        ):
            self._say("scope: a resource belongs there")
        self._after(body.get("dependsOn", []))

    def _after(self, others: Any) -> None:
        if not isinstance(others, list):
            self._say("dependsOn: an array of resources belongs there")
        elif not all(isinstance(each, Symbol) for each in others):
            self._say("dependsOn: no resource of this file")

    def _module(self, each: dict[str, Any]) -> None:
        file = self._beside(each)
        body = self._body(each["config"])
        if file.wrong:
            self._say(file.wrong[0])
            return
        if isinstance(body.get("name", ""), int | list | dict):
            self._say("name: a string belongs there")
        if odd := sorted(set(body) - rules.MODULE):
            self._say(f"{odd[0]}: a module has no such property")
        self._after(body.get("dependsOn", []))
        if isinstance(body.get("scope"), str | int | list | dict):
            self._say("scope: no scope stands there")
        self._given(body.get("params", {}), file)
        raw = innermost(each["config"]).get("scope")
        here = rules.scope(raw) if raw is not None else self._file.target
        if here and here != file.target:
            self._say(f"scope: {file.path.name} is for a {file.target}, not a {here}")

    def _given(self, given: Any, file: File) -> None:
        """Look at what a module is given, and at what it makes of that.

        Types of parameters say no more than "array": what is in it is found where it goes.
        """
        theirs = file.parameters
        if not isinstance(given, dict):
            self._say("params: an object belongs there")
            return
        for name, value in given.items():
            if name not in theirs:
                self._say(f"params.{name}: the module takes no such parameter")
                continue
            expected = spec(str(theirs[name]["type"]))
            self._all(azure.check(value, expected, f"params.{name}"))
            self._all(rules.limits(theirs[name], value), f"params.{name}: ")
        for name, parameter in theirs.items():
            if name not in given and parameter["default"] is None:
                self._say(f"params.{name} is missing")
        inner = File(file.path, file.document)
        Checker(inner, {name: given[name] for name in theirs if name in given}).run()
        self._all(inner.wrong)


def parameters(path: Path, file: File) -> Iterator[str]:
    """Yield what is wrong with a parameter file for `file`."""
    given = json.loads(path.read_text("utf-8"))["parameters"]
    for name, each in given.items():
        if name not in file.parameters:
            yield f"{name}: there is no such parameter"
            continue
        parameter = file.parameters[name]
        yield from azure.check(each["value"], spec(str(parameter["type"])), name)
        yield from (f"{name}: {x}" for x in rules.limits(parameter, each["value"]))
    for name, parameter in file.parameters.items():
        if name not in given and parameter["default"] is None:
            yield f"{name} is missing"
