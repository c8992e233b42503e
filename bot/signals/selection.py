"""Two tables side by side: which columns can be compared, and as what."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.signals import columns
from bot.signals.columns import Frame

if TYPE_CHECKING:
    from bot.signals.words import DataType, Mode

_WORDS = frozenset({"string", "binary", "timestamp", "timestamp_ntz", "date"})
_MOMENTS = frozenset({"timestamp", "timestamp_ntz", "date"})


@dataclass(frozen=True, slots=True)
class Feature:
    """A column that both sides have, and how to read it."""

    name: str
    kind: str  # the type that both sides are read as
    data_type: "DataType"
    flags: tuple[str, ...] = ()
    told: "DataType | None" = None  # the type that a person gave it


@dataclass(frozen=True, slots=True)
class Selection:
    """What is compared, and what is not with the reason ("zip: not in production")."""

    features: tuple[Feature, ...]
    dropped: tuple[str, ...]


def select(
    reference: Frame,
    production: Frame,
    mode: "Mode",
    *,
    numerical: Iterable[str] = (),
    categorical: Iterable[str] = (),
) -> Selection:
    """Return the columns to compare, in the order of the reference.

    Args:
        numerical, categorical: names whose type we are told, whatever the rule says.

    Azure ML pairs equal types, float with double, and whole numbers with each other.
    The sound mode also compares whole with real numbers (a gap turns one into the
    other in pandas), and leaves moments out, which never repeat.
    """
    told = _told(numerical, categorical)
    features, dropped = [], []
    ours, theirs = dict.fromkeys(reference.names), dict.fromkeys(production.names)
    for name in ours:
        if name not in theirs:
            dropped.append(f"{name}: not in production")
            continue
        left, right = reference.kind(name), production.kind(name)
        kind = common(left, right, mode)
        if kind is None:
            dropped.append(f"{name}: {left} in the reference, {right} in production")
            continue
        if told.get(name) == "Numerical" and kind in _WORDS:
            dropped.append(f"{name}: {kind} cannot be compared as a number")
            continue
        usable = columns.is_number(kind) or kind in _WORDS | {"boolean"}
        data_type = told.get(name) if usable else None
        data_type = data_type or _data_type(reference, name, kind, mode)
        if data_type is None:
            dropped.append(f"{name}: {kind} is not compared")
            continue
        same = left == right or mode == "azureml"
        flags = () if same else (f"type changed from {left} to {right}",)
        features.append(Feature(name, kind, data_type, flags, told.get(name)))
    new = [name for name in theirs if name not in ours]
    dropped += [f"{name}: not in the reference" for name in new]
    return Selection(tuple(features), tuple(dropped))


def _told(
    numerical: Iterable[str], categorical: Iterable[str]
) -> "dict[str, DataType]":
    told: dict[str, DataType] = dict.fromkeys(categorical, "Categorical")
    told.update(dict.fromkeys(numerical, "Numerical"))  # said twice, it is a number
    return told


def select_all(
    reference: Frame,
    production: Frame,
    *,
    numerical: Iterable[str] = (),
    categorical: Iterable[str] = (),
) -> Selection:
    """Return every column that both sides have, whatever its types: for data quality."""
    kinds = {name: reference.kind(name) for name in reference.names}
    told = _told(numerical, categorical)
    features = tuple(
        Feature(
            name,
            kind,
            told.get(name) or _quality_type(reference, name, kind),
            told=told.get(name),
        )
        for name, kind in kinds.items()
        if name in production.names
    )
    missing = [f"{n}: not in production" for n in kinds if n not in production.names]
    new = [f"{n}: not in the reference" for n in production.names if n not in kinds]
    return Selection(features, (*missing, *new))


def _quality_type(reference: Frame, name: str, kind: str) -> "DataType":
    few = kind in columns.WHOLE and columns.few_values(reference.column(name))
    return "Numerical" if kind in columns.NUMBERS and not few else "Categorical"


def common(left: str, right: str, mode: "Mode") -> str | None:
    """Return the type that both sides can be read as; None: there is none."""
    if left == right:
        return left
    kinds = {left, right}
    if kinds <= columns.REAL:
        return "double"
    if kinds <= columns.WHOLE:
        return "bigint"
    if mode == "sound" and kinds <= columns.REAL | columns.WHOLE:
        return "double"
    return None


def _data_type(
    reference: Frame, name: str, kind: str, mode: "Mode"
) -> "DataType | None":
    if mode == "sound" and kind in _MOMENTS:
        return None
    if kind in columns.CATEGORICAL:
        return "Categorical"
    if kind in columns.REAL or (mode == "sound" and kind.startswith("decimal")):
        return "Numerical"
    if kind in columns.WHOLE:
        return (
            "Categorical" if columns.few_values(reference.column(name)) else "Numerical"
        )
    return None
