"""Charts of Teams. Each has a text equivalent and a fallback with the same figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from microsoft_teams.cards import (
    BarChartDataValue,
    CardElement,
    Container,
    GroupedVerticalBarChart,
    GroupedVerticalBarChartData,
    HorizontalBarChart,
    HorizontalBarChartDataValue,
    LineChart,
    LineChartData,
    LineChartValue,
    VerticalBarChart,
    VerticalBarChartDataValue,
)

from cards.elements import paragraph, runs, said
from cards.figures import day, number, percent
from cards.words import clean, cut


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: whose name, how much, and whether that is beyond the limit."""

    name: str  # foreign
    value: float
    shown: str  # the figure in words
    over: bool


def bars(
    what: str,
    limit: str,
    shown: Sequence[Bar],
    told: tuple[str, str] = (", over limit", ", within limit"),
) -> HorizontalBarChart:
    """Return up to five horizontal bars, those beyond the limit in red.

    `what` names the figure, `limit` the limit in words, `told` what is said of a bar
    that is over and of one that is not; all ours.
    """
    top = shown[:5]
    said_all = ", ".join(f"{clean(b.name, 40)} {b.shown}" for b in top)
    rows = [(b.name, f"{b.shown}{told[0] if b.over else told[1]}") for b in top]
    return HorizontalBarChart(
        spacing="Small",
        title=f"{what}, {limit}: {said_all}.",
        display_mode="AbsoluteWithAxis",
        show_legend=False,
        data=[
            HorizontalBarChartDataValue(
                x=clean(b.name, 40),
                y=round(b.value, max(2, len(b.shown.partition(".")[2]))),
                color="attention" if b.over else "neutral",
            )
            for b in top
        ],
        fallback=_fallback(rows),
    )


def _fallback(rows: Sequence[tuple[str, str]]) -> CardElement:
    """Return a line for each foreign name with its figure: every card carries them."""
    lines = [runs(said(f"{clean(name, 40)}: {told}", 120)) for name, told in rows]
    return Container(
        spacing="Small", items=[paragraph(each, spacing="None") for each in lines]
    )


@dataclass(frozen=True, slots=True)
class Slot:
    """A bin or category with its share (0 to 1) on both sides."""

    name: str  # foreign
    reference: float
    production: float


def distribution(feature: str, slots: Sequence[Slot]) -> GroupedVerticalBarChart:
    """Return the shares of a feature's bins or categories, reference and production."""
    words = ", ".join(
        f"{clean(s.name, 24)} {percent(s.reference)} to {percent(s.production)}"
        for s in slots
    )
    rows = [
        (cut(s.name, 24), f"{percent(s.reference)}, now {percent(s.production)}")
        for s in slots
    ]

    def side(legend: str, shares: Sequence[float]) -> GroupedVerticalBarChartData:
        return GroupedVerticalBarChartData(
            legend=legend,
            color="neutral" if legend == "Reference" else "categoricalBlue",
            values=[
                BarChartDataValue(x=clean(s.name, 24), y=round(share * 100, 2))
                for s, share in zip(slots, shares, strict=True)
            ],
        )

    return GroupedVerticalBarChart(
        spacing="Small",
        title=f"Share of rows by {clean(feature, 40)}, reference to now: {words}.",
        show_legend=True,
        y_axis_title="% of rows",
        data=[
            side("Reference", [s.reference for s in slots]),
            side("Production", [s.production for s in slots]),
        ],
        fallback=_fallback(rows),
    )


def columns(what: str, shown: Sequence[tuple[str, int]]) -> VerticalBarChart:
    """Return counts by day; names and `what` are ours."""
    words = ", ".join(f"{name} {number}" for name, number in shown)
    return VerticalBarChart(
        spacing="Small",
        title=f"{what}: {words}.",
        show_bar_values=True,
        color="categoricalBlue",
        data=[VerticalBarChartDataValue(x=name, y=number) for name, number in shown],
        fallback=paragraph(words, spacing="Small"),
    )


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def trend(
    what: str,
    points: Sequence[tuple[datetime, float]],
    limit: float | None,
    floor: float | None = None,
) -> LineChart:
    """Return a figure over time; the limit is a line of its own. `what` is ours.

    `floor` is where the axis begins, None: at zero.
    """
    days = [None, *(t.date() for t, _ in points)]
    words = ", ".join(
        f"{day(t) + ' ' if t.date() != before else ''}{t:%H:%M} {number(v)}"
        for (t, v), before in zip(points, days, strict=False)
    )
    words += " (UTC)"
    against = "" if limit is None else f" The limit is {number(limit)}."
    series = [
        LineChartData(
            legend=what,
            color="categoricalBlue",
            values=[LineChartValue(x=_moment(t), y=round(v, 6)) for t, v in points],
        )
    ]
    if limit is not None:
        ends = (points[0][0], points[-1][0])
        series.append(
            LineChartData(
                legend="Limit",
                color="attention",
                values=[LineChartValue(x=_moment(t), y=limit) for t in ends],
            )
        )
    return LineChart(
        spacing="Small",
        title=f"{what}: {words}.{against}",
        show_legend=True,
        y_min=floor,
        data=series,
        fallback=paragraph(f"{words}.{against}", spacing="Small"),
    )
