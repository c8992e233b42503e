"""Which part of the rows a shift comes from: the same comparison, value by value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.signals import columns
from bot.signals.columns import Data, Frame
from bot.signals.engine import evaluate
from bot.signals.explanation import Segment, segments
from bot.signals.profiling import compare
from bot.signals.sketch import TableProfile
from bot.signals.slices import alike, of_slice, some

if TYPE_CHECKING:
    import pyarrow as pa

    from bot.signals.metric import RuleLike
    from bot.signals.report import FeatureResult, Report

_MOST = 8  # values that are looked at, the commonest of production


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of a frame where one column has one value, as text."""

    whole: Frame
    by: str
    value: str

    @property
    def rows(self) -> int:
        import pyarrow.compute as pc  # noqa: PLC0415

        return int(pc.sum(self._mask()).as_py() or 0)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in self.whole.names if name != self.by)

    def kind(self, name: str) -> str:
        return self.whole.kind(name)

    def column(self, name: str) -> "pa.ChunkedArray":
        return self.whole.column(name).filter(self._mask())

    def _mask(self) -> "pa.ChunkedArray":
        import pyarrow.compute as pc  # noqa: PLC0415

        return pc.equal(_text(self.whole, self.by), self.value)


def _text(whole: Frame, name: str) -> "pa.ChunkedArray":
    column = whole.column(name)
    kind = column.type
    plain = column.cast(kind.value_type) if hasattr(kind, "value_type") else column
    return plain.cast("string")


def carriers(
    reference: Data,
    production: Data,
    column: str,
    report: "Report",
    rules: "Sequence[RuleLike]" = (),
) -> tuple[Segment, ...]:
    """Return which values of `column` carry the shift of the report's worst feature.

    Args:
        reference, production: as `evaluate` takes them.
        column: to split by, on both sides; its commonest values are looked at.
        report: of the two sides.
        rules: that the report was made with.

    Raises:
        ValueError: a side has no such column.
    """
    import pyarrow.compute as pc  # noqa: PLC0415

    left, right = columns.frame(reference), columns.frame(production)
    for side, frame in (("reference", left), ("production", right)):
        if column not in frame.names:
            raise ValueError(f"{column}: not in the {side}")
    worst = carried(report, column)
    if worst is None:
        return ()
    counted = pc.value_counts(_text(right, column).drop_null()).to_pylist()
    common = sorted(counted, key=lambda one: -one["counts"])[:_MOST]
    kept = [r for r in rules if not r.columns or worst.feature in r.columns]
    # Few rows of a segment could make a number of what is a category in the whole.
    told = {worst.data_type.lower(): (worst.feature,)}
    reports = {
        one["values"]: evaluate(
            _Only(Part(left, column, one["values"]), worst.feature),
            _Only(Part(right, column, one["values"]), worst.feature),
            kept,
            mode=report.mode,
            signal=report.signal,
            top=0,
            numerical=told.get("numerical", ()),
            categorical=told.get("categorical", ()),
        )
        for one in common
    }
    return segments(column, reports, worst.feature)


def carriers_of(
    reference: Mapping[str, TableProfile],
    production: Mapping[str, TableProfile],
    column: str,
    report: "Report",
    rules: "Sequence[RuleLike]",
    whole: TableProfile,
) -> tuple[Segment, ...]:
    """Return the same as `carriers`, of the profiles of each value's rows.

    Args:
        reference, production: by the column's value.
        whole: the reference; what it has as categories is one in each part too.

    Raises:
        Uneven: whole numbers of a part cannot be named.
    """
    worst = carried(report, column)
    if worst is None:
        return ()
    kept = [r for r in rules if not r.columns or worst.feature in r.columns]
    common = sorted(production, key=lambda value: -production[value].rows)[:_MOST]
    none = TableProfile(0, {}, {})
    reports = {}
    for value in common:
        sides = (reference.get(value, none), production[value])
        ours, theirs = (alike(some(side, [worst.feature]), whole) for side in sides)
        reports[value] = compare(ours, theirs, kept, signal=report.signal, top=0)
    return segments(column, reports, worst.feature)


def parts(data: Data, column: str, most: int) -> dict[str, TableProfile] | None:
    """Return the profile of each value's rows; None where there are more than `most`.

    Args:
        column: to split by; rows without a value are in no part.
    """
    import pyarrow.compute as pc  # noqa: PLC0415

    whole = columns.frame(data)
    values = pc.unique(_text(whole, column).drop_null()).to_pylist()
    if len(values) > most:
        return None
    return {value: of_slice(Part(whole, column, value)) for value in values}


def carried(report: "Report", column: str) -> "FeatureResult | None":
    """Return the worst breach of another feature than the column to split by."""
    over = (r for r in report.results if r.verdict == "breached" and r.feature)
    return next((r for r in over if r.feature != column), None)


class _Only:
    """One column of a frame."""

    def __init__(self, whole: Frame, name: str) -> None:
        self.rows, self.names = whole.rows, (name,)
        self.kind, self.column = whole.kind, whole.column


def in_words(found: Sequence[Segment], feature: str) -> tuple[str, ...]:
    """Return the two heaviest segments in a sentence each."""
    return tuple(
        f"{one.column} {one.value}: {one.carried:.0%} of the shift of {feature} "
        f"in {one.share:.0%} of the rows"
        for one in found[:2]
    )
