"""Service levels in words: what each step took, and how many targets were kept."""

from collections.abc import Sequence

from microsoft_teams.cards import CardElement

from bot.levels import OfModel
from cards import figures
from cards.elements import Head, Words, heading, table
from cards.words import identifier

_SHOWN = 6  # models


def said(of: OfModel) -> str:
    """Return medians of the steps that ended, and the share of targets that were kept."""
    took = [
        f"{step.step} {figures.duration(step.median)}"
        for step in of.steps
        if step.median is not None
    ]
    met = sum(step.met for step in of.steps)
    whole = met + sum(step.missed for step in of.steps)
    kept = f"{met} of {whole} targets kept" if whole else "no target is due"
    return f"{', '.join(took) or 'nothing measured'}; {kept}"


def listing(every: Sequence[OfModel], days: int) -> list[CardElement]:
    """Return a table of models, the one with the most missed targets first."""
    if not every:
        return []
    worst = sorted(every, key=lambda of: -sum(step.missed for step in of.steps))
    rows: list[tuple[Words, Words]] = [
        (f"{identifier(of.model)}, tier {of.tier}", said(of)) for of in worst[:_SHOWN]
    ]
    heads = (Head("Model", 3), Head("Took (median)", 5))
    return [heading(f"Service levels, {days} days"), table(heads, rows)]
