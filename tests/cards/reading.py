"""Ways to read a card in tests: its parts, its shown text, what a client would draw."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import microsoft_teams.cards as models
from microsoft_teams.cards.core import SerializableObject

Element: TypeAlias = dict[str, Any]


def elements(part: Any) -> Iterator[Element]:
    """Yield every object of a card, from the outside in."""
    if isinstance(part, dict):
        yield part
        for inner in part.values():
            yield from elements(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from elements(inner)


def strings(part: Any) -> Iterator[str]:
    """Yield every string value."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for inner in part.values():
            yield from strings(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from strings(inner)


def charts(card: Element) -> list[Element]:
    return [e for e in elements(card) if str(e.get("type")).startswith("Chart.")]


def shown(part: Any) -> str:
    """Return the text that a client without charts draws."""
    keys = ("text", "title", "value", "label")
    return "\n".join(
        str(e[k]) for e in elements(without_charts(part)) for k in keys if k in e
    )


def without_charts(part: Any) -> Any:
    """Return the card as a client of Adaptive Cards 1.5 sees it: with the fallbacks."""
    if isinstance(part, list):
        return [without_charts(p) for p in part]
    if not isinstance(part, dict):
        return part
    if str(part.get("type")).startswith("Chart."):
        return without_charts(part["fallback"])
    return {k: without_charts(v) for k, v in part.items() if k != "msteams"}


_TYPES = {
    field.default: model
    for model in vars(models).values()
    if isinstance(model, type) and issubclass(model, SerializableObject)
    if (field := model.model_fields.get("type")) is not None
}


def unknown(part: Element) -> Iterator[str]:
    """Yield each property that the Teams models do not know, as "type.property"."""
    model = _TYPES.get(part.get("type"), SerializableObject)
    yield from _unknown(model.model_validate(part))


def _unknown(model: SerializableObject) -> Iterator[str]:
    name = getattr(model, "type", type(model).__name__)
    extra = model.model_extra or {}
    if type(model).__name__ in ("CardElement", "Action"):  # the models' open ends
        yield from unknown(extra)
        return
    yield from (f"{name}.{key}" for key in extra)
    for field in type(model).model_fields:
        value = getattr(model, field)
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, models.SubmitActionData):
                continue  # a button's data is ours to fill
            if isinstance(inner, SerializableObject):
                yield from _unknown(inner)


_PIXELS = {  # of 14 px Open Sans, which is as wide as Segoe UI or wider
    **dict.fromkeys("ijlIJ", 3.8),
    **dict.fromkeys("ftr", 4.9),
    **dict.fromkeys("csz", 6.7),
    **dict.fromkeys("\u00b7. -", 3.8),
    **dict.fromkeys("aegkvxyEFLSTY0123456789", 7.9),
    **dict.fromkeys("mMWw", 12.5),
    **dict.fromkeys("DGHNOQU", 10.5),
}


def width(text: str, *, bold: bool = False) -> float:
    """Return about how many pixels a line of 14 px text takes."""
    return sum(_PIXELS.get(c, 8.6) for c in text) * (1.03 if bold else 1.0)
