"""What a Teams client does with a card: find a button, collect what was filled in.

Pure: a card and inputs in, the data that the client would send out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Element: TypeAlias = dict[str, Any]
_ELSEWHERE = ("fallback", "refresh", "authentication")  # not drawn by this client


class NoSuchButton(LookupError):
    """The card has no button with that title; the text lists those it has."""


class Incomplete(ValueError):
    """The client would not send this: an input is missing or does not fit."""


@dataclass(frozen=True, slots=True)
class Button:
    """An action, and the inputs whose values go with it: its card's and parents'."""

    action: Element
    inputs: tuple[Element, ...]

    @property
    def title(self) -> str:
        return str(self.action.get("title", ""))

    @property
    def kind(self) -> str:
        return str(self.action.get("type", ""))

    @property
    def asks_dialog(self) -> bool:
        data = self.action.get("data")
        teams = data.get("msteams") if isinstance(data, dict) else None
        return isinstance(teams, dict) and teams.get("type") == "task/fetch"


def buttons(card: Element, outer: tuple[Element, ...] = ()) -> Iterator[Button]:
    """Yield every button of `card`, those inside its ShowCards too."""
    parts = list(_parts(card))
    inputs = outer + tuple(p for p in parts if p.get("type", "").startswith("Input."))
    for part in parts:
        if part.get("type", "").startswith("Action."):
            yield Button(part, inputs)
            if part["type"] == "Action.ShowCard":
                yield from buttons(part.get("card", {}), inputs)


def _parts(node: Any) -> Iterator[Element]:
    """Yield `node` and all that is drawn on it, without what a ShowCard hides."""
    if isinstance(node, list):
        for item in node:
            yield from _parts(item)
    elif isinstance(node, dict):
        if isinstance(node.get("type"), str):
            yield node
        if node.get("type") == "Action.ShowCard":
            return
        for name, value in node.items():
            if name not in _ELSEWHERE and name != "data":
                yield from _parts(value)


def find(card: Element, title: str, inputs: Mapping[str, str] | None) -> Button:
    """Return the button with this title, in any case.

    A button that only opens a part of the card stands for the one submit inside it
    when `inputs` are given.
    """
    every = list(buttons(card))
    wanted = title.strip().casefold()
    found = next((b for b in every if b.title.strip().casefold() == wanted), None)
    if found is None:
        there = ", ".join(repr(b.title) for b in every) or "none"
        raise NoSuchButton(f"no button {title!r}; there is: {there}")
    if found.kind == "Action.ShowCard" and inputs:
        inside = list(buttons(found.action.get("card", {}), found.inputs))
        submits = [b for b in inside if b.kind in ("Action.Execute", "Action.Submit")]
        return submits[0] if len(submits) == 1 else found
    return found


def first_submit(card: Element) -> Button | None:
    """Return the button that sends a dialog."""
    kinds = ("Action.Submit", "Action.Execute")
    return next((b for b in buttons(card) if b.kind in kinds), None)


def fill(button: Button, given: Mapping[str, str] | None) -> Element:
    """Return the action's data with the inputs' values merged in, as Teams sends it.

    Raises Incomplete with the words that the client would show.
    """
    data = button.action.get("data")
    data = dict(data) if isinstance(data, dict) else {}
    if button.action.get("associatedInputs", "auto").lower() == "none":
        return data
    given = given or {}
    known = [str(i.get("id", "")) for i in button.inputs]
    if unknown := [name for name in given if name not in known]:
        raise Incomplete(
            f"no input {unknown[0]!r}; there is: {', '.join(known) or '-'}"
        )
    for element in button.inputs:
        name = str(element.get("id", ""))
        default = "false" if element["type"] == "Input.Toggle" else ""
        value = str(given.get(name, element.get("value", default)))
        _check(element, value)
        data[name] = value
    return data


def _check(element: Element, value: str) -> None:
    name = element.get("id", "")
    sorry = element.get("errorMessage") or f"{element.get('label') or name}: not valid"
    if not value.strip():
        if element.get("isRequired"):
            raise Incomplete(sorry)
        return
    if len(value) > element.get("maxLength", len(value)):
        raise Incomplete(f"{name}: longer than {element['maxLength']} characters")
    if "regex" in element and not re.search(element["regex"], value):
        raise Incomplete(sorry)
    if element["type"] == "Input.ChoiceSet" and "choices" in element:
        chosen = value.split(",") if element.get("isMultiSelect") else [value]
        offered = [str(c["value"]) for c in element["choices"]]
        if any(c not in offered for c in chosen):
            raise Incomplete(f"{name}: not one of {', '.join(offered)}")
    if element["type"] == "Input.Number":
        _check_number(element, value, sorry)


def _check_number(element: Element, value: str, sorry: str) -> None:
    try:
        number = float(value)
    except ValueError:
        raise Incomplete(sorry) from None
    low, high = element.get("min", number), element.get("max", number)
    if not low <= number <= high:
        raise Incomplete(sorry)
