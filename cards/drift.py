"""An endpoint's newest data against its reference, compared on request."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from typing import Final

from microsoft_teams.cards import CardElement, OpenUrlAction

from bot.signals import FeatureResult, Report
from bot.watch import Endpoint
from cards import figures, findings, measures
from cards.elements import (
    Style,
    Words,
    band,
    facts,
    missing,
    paragraph,
    runs,
    said,
    title,
)
from cards.evidence import basis, distribution, features_table
from cards.frame import card
from cards.view import Links, Rendered
from cards.words import identifier, person

_SHOWN: Final = 8  # features that are named when another was asked for
_STATES: Mapping[str, tuple[str, Style]] = {
    "breached": ("Drifted", "attention"),
    "not breached": ("No drift", "good"),
    "not enough data": ("Not known", "warning"),
    "cannot compute": ("Not known", "warning"),
}


def render(
    endpoint: Endpoint,
    links: Links,
    now: datetime,
    *,
    report: Report | None,
    feature: str = "",
    gaps: Mapping[str, str] | None = None,
) -> Rendered:
    """Return what was found, of all features or of the one that was named."""
    name = identifier(endpoint.name)
    state, style = _STATES.get(
        report.verdict if report else "", ("Not known", "warning")
    )
    detail = _detail(report, feature, endpoint.predictions) if report else []
    words = {
        "Drifted": f"Input data has drifted on {name}",
        "No drift": f"No feature is over its limit on {name}",
    }.get(state, f"It is not known whether {name} drifts")
    rows: list[tuple[Words, Words]] = [("Owner", person(endpoint.owner))]
    boxes = missing(list((gaps or {}).items())[:4])
    return card(
        [
            band(state, style, "Drift, on request", figures.day(now)),
            title(words),
            *([paragraph(runs(said(report.sentence, 300)))] if report else []),
            *(_explained(report) if report else []),
            *detail,
            *boxes,
            *facts([*rows, *basis(report), ("Compared", figures.when(now))]),
        ],
        [OpenUrlAction(title="Open in Azure ML", url=links.endpoint(endpoint))],
        summary=words,
        spare=[*detail, *boxes[1:]],
    )


def _explained(report: Report) -> list[CardElement]:
    return [
        paragraph(
            runs(said(line, 160), "."),
            subtle=True,
            spacing="Small",
        )
        for line in report.explained[:6]
    ]


def _detail(
    report: Report, feature: str, predictions: Sequence[str]
) -> list[CardElement]:
    if not feature:
        ranking = findings.ranking(report, predictions)
        chart = measures.chart(report, ranking) if ranking else []
        return [*chart, *distribution(report)]
    found = _named(report.results, feature)
    if not found:
        return missing(
            [(feature, _unknown(feature, [r.feature for r in report.results]))]
        )
    one = replace(report, results=found)
    return [*features_table(one), *distribution(one)]


def _unknown(feature: str, compared: Sequence[str]) -> str:
    """Return what to ask for instead: what is meant, or what there is, counted."""
    near = get_close_matches(feature.casefold(), [n.casefold() for n in compared], n=1)
    names = list(dict.fromkeys(compared))
    meant = [n for n in names if n.casefold() in near]
    if meant:
        return f'No such feature was compared. Did you mean "{meant[0]}"?'
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"No such feature was compared. There is: {', '.join(names[:_SHOWN])}{more}."


def _named(results: Sequence[FeatureResult], name: str) -> tuple[FeatureResult, ...]:
    """Return the results of the feature that is meant, in any case, or by its start."""
    wanted = name.casefold()
    exact = tuple(r for r in results if r.feature.casefold() == wanted)
    begun = {r.feature for r in results if r.feature.casefold().startswith(wanted)}
    if exact or len(begun) != 1:
        return exact
    return tuple(r for r in results if r.feature in begun)
