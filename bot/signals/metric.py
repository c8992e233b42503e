"""What a metric is: a function with a record that says how to read its figure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.signals.words import (
    CannotCompute,
    DataType,
    Direction,
    Mode,
    NotApplicable,
)

if TYPE_CHECKING:
    from bot.signals.pair import Pair

__all__ = [
    "CannotCompute",
    "DataType",
    "Direction",
    "Metric",
    "Mode",
    "NotApplicable",
    "Rule",
    "RuleLike",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric under Azure ML's name.

    `azureml` and `sound` turn the two sides of one feature into the figure; `floor` and
    `interval` (sound mode only) say what undrifted pairs of this size stay below in
    95 % of cases, and where the true figure lies with 95 % confidence.
    """

    name: str
    alias: str  # what a person types
    signal: str  # "data-drift" or "data-quality"
    applies_to: frozenset[DataType]
    breached_when: Direction
    unit: str
    default: float  # threshold we alert on when no rule gives one
    azure_default: float  # of Azure ML's pipeline component
    source: str
    azureml: Callable[["Pair"], float]
    sound: Callable[["Pair"], float]
    floor: Callable[["Pair"], float] | None = None
    interval: Callable[["Pair", float], tuple[float, float]] | None = None
    is_p_value: bool = False  # evidence, not effect: alone it decides nothing
    # The reference's own figure, where the threshold is what may be added to it:
    baseline: Callable[["Pair"], float] | None = None
    of_rows: bool = False  # about all rows, missing values and other columns' included


class RuleLike(Protocol):
    """What `evaluate` needs of a rule; a watch list's `SignalRule` is one too."""

    @property
    def metric(self) -> str: ...
    @property
    def threshold(self) -> float | None: ...
    @property
    def columns(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """A metric, the limit we alert on (None: the metric's own) and the columns."""

    metric: str
    threshold: float | None = None
    columns: tuple[str, ...] = ()  # () = every column that the metric applies to
    data_type: DataType | None = None  # None: every type that the metric applies to
