"""What the engine found: plain frozen data that turns into JSON and back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal[
    "breached", "not breached", "not enough data", "cannot compute"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One feature's distribution on both sides, as shares of the rows.

    `bins` has one label a share: "12.5 to 20" or a category's name.
    """

    bins: tuple[str, ...]
    reference: tuple[float, ...]
    production: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureResult:
    """One metric of one feature, and what to make of it."""

    feature: str
    data_type: Literal["Numerical", "Categorical"]
    metric: str  # Azure's name: "JensenShannonDistance"
    value: float | None
    threshold: float | None
    breached_when: Literal["above", "below"]
    verdict: Verdict
    reason: str = ""  # why not enough, or why not computed
    interval: tuple[float, float] | None = None  # 95 %
    noise_floor: float | None = None  # 95 % of undrifted pairs of this size stay below
    reference_count: int = 0
    production_count: int = 0
    p_value: float | None = None
    adjusted_p: float | None = None
    flags: tuple[str, ...] = ()
    shape: Shape | None = None
    where: str = ""  # the bins that changed most, in words
    unit: str = ""  # of value and limit: "ms", "share"; "": the metric itself says it
    not_finite: str = ""  # "NaN", "Infinity": Azure ML's figure, where value is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One figure over time, and what it is held against; both in `unit`."""

    feature: str  # "latency P95"
    unit: str  # as a FeatureResult's
    limit: float | None
    breached_when: Literal["above", "below"]
    grain_s: int  # each point is the mean of so many seconds from its moment on
    points: tuple[tuple[datetime, float], ...]  # in order; moments in UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One evaluation of one signal. `results` are ranked, the worst first."""

    signal: str  # "data-drift", "data-quality" …
    mode: Literal["sound", "azureml"]
    verdict: Verdict
    sentence: str  # what a person reads first
    results: tuple[FeatureResult, ...]
    reference_rows: int
    production_rows: int
    reference_window: tuple[datetime, datetime] | None = None
    production_window: tuple[datetime, datetime] | None = None
    reference_name: str = ""  # "training data", a data asset "loan-reference:1"
    production_name: str = ""
    dropped: tuple[str, ...] = ()  # columns that were not compared, with the reason
    findings: tuple[str, ...] = ()  # what was wrong with the data as it was read
    explained: tuple[str, ...] = ()  # who carries the shift, since when, in sentences
    course: Course | None = None  # of the worst figure that the alert is about
