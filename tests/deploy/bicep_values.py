"""What the expressions of a Bicep file come to, as far as that is known before."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml
from pycep.models import BicepElement

from tests.deploy import bicep_rules as rules
from tests.deploy import bicep_types as azure
from tests.deploy.bicep_file import File, parse, read
from tests.deploy.bicep_types import Choice, Each, Joined, Unknown

Names: TypeAlias = dict[str, Any]
_RETURNS = {
    "string": "base64 format guid join replace resource_id string substring take to_lower "
    "subscription_resource_id to_upper trim unique_string uri load_text_content",
    "bool": "bool contains empty ends_with starts_with",
    "object": "resource_group subscription tenant deployment",
}
_KINDS = {name: kind for kind, names in _RETURNS.items() for name in names.split()}
_LOADS: dict[str, Callable[[str], Any]] = {
    "load_text_content": lambda _: Unknown("string"),
    "load_json_content": json.loads,
    "load_yaml_content": yaml.safe_load,
}


@dataclass(frozen=True)
class Symbol:
    """A resource or module that others refer to."""

    kind: str  # "Microsoft.…@version", or "module"
    outputs: dict[str, str] = field(default_factory=dict)
    many: bool = False


class Values:
    """One file's values. Names are bound first: Bicep's order does not matter."""

    def __init__(self, file: File, given: Names | None = None) -> None:
        """Take a file, and what its parameters are `given` where that is known."""
        self._file = file
        self._here = ""
        parameters = {n: _parameter(p) for n, p in file.parameters.items()}
        self._names: Names = parameters | (given or {}) | self._symbols()
        self._variables = file.document.get("variables", {})

    def _say(self, text: str) -> None:
        line = f"{self._file.path.name}: {self._here}: {text}"
        if line not in self._file.wrong:
            self._file.wrong.append(line)

    def _symbols(self) -> Names:
        found: Names = {}
        for name, each in self._file.document.get("resources", {}).items():
            kind = f"{each['type']}@{each['api_version']}"
            found[name] = Symbol(kind, many="loop_type" in each["config"])
        for name, each in self._file.document.get("modules", {}).items():
            outputs = self._beside(each).outputs
            found[name] = Symbol("module", outputs, many="loop_type" in each["config"])
        return found

    def _beside(self, module: dict[str, Any]) -> File:
        return read(self._file.path.parent / module["detail"]["path"])

    def _body(self, config: dict[str, Any]) -> dict[str, Any]:
        """Return a resource's or module's object, out of its loop and condition."""
        names: Names = {}
        while "loop_type" in config or set(config) == {"condition", "config"}:
            if "loop_type" in config:
                names |= self._loop(config, names)
            elif config["condition"] is not None:
                self._value(config["condition"], names)
            config = config["config"]
        return {k: self._value(v, names) for k, v in _bare(config).items()}

    def _loop(self, config: dict[str, Any], names: Names) -> Names:
        detail = config["loop_type"]["detail"]
        over = self._value(detail["array_name"], names)
        bound = {str(detail["item_name"]): _item(over)}
        if "index_name" in detail:
            bound[str(detail["index_name"])] = Unknown("int")
        return bound

    def _value(self, given: Any, names: Names) -> Any:
        """Return what `given` comes to: a literal, or an Unknown of a known type."""
        if isinstance(given, BicepElement):
            return self._name(str(given), names)
        if isinstance(given, str):
            for inner in _inside(given):
                self._value(
                    parse(f"var x = {inner}\n")["variables"]["x"]["value"], names
                )
        elif isinstance(given, list):
            return [self._value(each, names) for each in given]
        elif isinstance(given, dict):
            return self._object(given, names)
        return given

    def _object(self, given: dict[str, Any], names: Names) -> Any:
        if _marks(given, "operator", {"type", "operands"}):
            return self._operator(given["operator"], names)
        if _marks(given, "function", {"type", "parameters"}):
            return self._function(given["function"], names)
        if _is_lambda(given):
            return Unknown()
        if "loop_type" in given:
            inner = names | self._loop(given, names)
            return Each(self._value(given["config"], inner))
        return {k: self._value(v, names) for k, v in _bare(given).items()}

    def _name(self, name: str, names: Names) -> Any:
        if name in names:
            return names[name]
        if name in self._names:
            return self._names[name]
        if name in self._variables:
            return self._value(self._variables[name]["value"], {})
        self._say(f"{name} is not defined")
        return Unknown()

    def _operator(self, operator: dict[str, Any], names: Names) -> Any:
        kind, operands = operator["type"], operator["operands"]
        if kind == "property_accessor":
            return self._property(operands["operand_1"], operands["operand_2"], names)
        values = {k: self._value(v, names) for k, v in operands.items()}
        if kind == "conditional":
            return Choice((values["true_value"], values["false_value"]))
        if kind == "coalesce":
            return Choice(tuple(values.values()))
        if kind == "index_accessor":
            return _item(values["operand_1"])
        if kind == "minus":
            (number,) = values.values()
            return -number if type(number) is int else Unknown("int")
        arithmetic = {"add", "divide", "modulo", "multiply", "substract"}
        return Unknown("int" if kind in arithmetic else "bool")

    def _property(self, left: Any, right: Any, names: Names) -> Any:
        """Follow a.b.c, whose right side pycep nests."""
        value = self._value(left, names)
        path: list[str] = []
        while isinstance(right, dict) and "operator" in right:
            inner = right["operator"]["operands"]
            path.append(str(inner["operand_1"]))
            right = inner["operand_2"]
        path.append(str(right))
        return self._follow(value, path)

    def _follow(self, value: Any, path: list[str]) -> Any:
        if isinstance(value, Symbol) and value.kind == "module":
            found = value.outputs.get(path[1]) if path[0] == "outputs" else "string"
            if found is None:
                self._say(f"{'.'.join(path)}: the module has no such output")
            return Unknown(found or "")
        if isinstance(value, Symbol):
            spec = (
                azure.lookup(value.kind, path) if value.kind in azure.types() else "any"
            )
            if spec is None:
                self._say(f"{'.'.join(path)}: {value.kind} has no such property")
                return Unknown()
            return Unknown(azure.kind_of(spec))
        for name in path:
            if isinstance(value, dict) and name not in value:
                self._say(f"{name} is not in that object")
                return Unknown()
            value = value[name] if isinstance(value, dict) else Unknown()
        return value

    def _function(self, function: dict[str, Any], names: Names) -> Any:
        kind, given = function["type"], function.get("parameters") or {}
        if not rules.known(kind):
            self._say(f"there is no function {kind}")
        if kind in _LOADS:
            return self._load(kind, str(given["file_path"]))
        values: list[Any] = []
        for value in given.values():
            if _is_lambda(value):  # map, filter, …: over the items of the first
                bound = {
                    str(name): _item(values[0]) if values else Unknown()
                    for key, name in value["detail"].items()
                    if key.startswith("var_")
                }
                self._value(value["detail"]["expression"], names | bound)
            elif value is not None:
                values.append(self._value(value, names))
        whole: dict[str, Any] = {
            "concat": Joined(tuple(values)),
            "map": Each(Unknown()),
            "union": values[0] if values else Unknown(),
        }
        return whole.get(kind) or Unknown(_KINDS.get(kind, ""))

    def _load(self, kind: str, name: str) -> Any:
        path = self._file.path.parent / name
        if not path.exists():
            self._say(f"{name} is not there")
            return Unknown()
        return _LOADS[kind](path.read_text("utf-8"))


def innermost(config: dict[str, Any]) -> dict[str, Any]:
    """Return a body as it was written, out of its loop and condition."""
    while "loop_type" in config or set(config) == {"condition", "config"}:
        config = config["config"]
    return config


def _is_lambda(given: Any) -> bool:
    found = isinstance(given, dict) and given.get("type") == "lambda_expression"
    return found and "detail" in given


def _marks(given: dict[str, Any], name: str, keys: set[str]) -> bool:
    """Tell pycep's own `{"operator": …}` from a property that has that name."""
    inner = given.get(name)
    return (
        len(given) == 1 and isinstance(inner, dict) and {"type"} <= set(inner) <= keys
    )


def _inside(text: str) -> Iterator[str]:
    """Yield the expressions in a string's ${…}, which pycep leaves as they are."""
    start = text.find("${")
    while start >= 0:
        depth, end = 1, start + 2
        while depth and end < len(text):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        yield text[start + 2 : end - 1]
        start = text.find("${", end)


def _bare(given: dict[str, Any]) -> dict[str, Any]:
    """Return the object with its quoted keys unquoted; `${…}` keys become one "*"."""
    found = {}
    for key, value in given.items():
        name = key[1:-1] if key.startswith("'") else key
        found["*" if name.startswith("${") else name] = value
    return found


def spec(kind: str) -> Any:
    return {"array": ["any"], "object": {"*": "any"}}.get(kind, kind)


def _parameter(given: dict[str, Any]) -> Any:
    for each in given.get("decorators") or []:
        if each["type"] == "allowed":
            return Choice(tuple(each["argument"]))
    return Unknown(str(given["type"]))


def _item(value: Any) -> Any:
    if isinstance(value, Choice):
        return Choice(tuple(_item(each) for each in value.values if each != []))
    if isinstance(value, Each):
        return value.item
    if isinstance(value, list) and value:
        return Choice(tuple(value)) if len(value) > 1 else value[0]
    return value if isinstance(value, Symbol) else Unknown()
