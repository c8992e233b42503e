"""Dialogs: what is asked where more than one input is needed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from microsoft_teams.cards import (
    CardElement,
    Choice,
    ChoiceSetInput,
    SubmitAction,
    TextInput,
)

from bot.commands.assign import ABLE
from bot.commands.snooze import REASON_LIMIT
from bot.commands.when import until
from cards import buttons
from cards.elements import box, paragraph, runs, said
from cards.frame import card
from cards.view import Rendered, View
from cards.words import cut, identifier, person

_LENGTHS = (
    "30 min",
    "1 h",
    "2 h",
    "4 h",
    "8 h",
    "until tomorrow 9:00",
    "until mon 9:00",
)
_LONGEST = 200  # of what a choice is filled with: no honest client sends more
_SAID = {
    "until tomorrow 9:00": "Until tomorrow 9:00",
    "until mon 9:00": "Until Monday 9:00",
}


def snooze(view: View) -> Rendered:
    """Ask until when, within the endpoint's limit, and why."""
    limit = view.now + timedelta(hours=view.endpoint.snooze_limit_hours)
    zone = view.watch.channels[view.endpoint.channel].zone
    offered = [
        text
        for text in _LENGTHS
        if (end := until(text, view.now, zone)[0]) is not None and end <= limit
    ]
    hours = f"{view.endpoint.snooze_limit_hours:g}"
    inputs: list[CardElement] = [
        ChoiceSetInput(
            id="until",
            label=f"For how long ({hours} h at most)",
            style="compact",
            is_required=True,
            error_message="Choose one.",
            value=offered[0] if offered else None,
            choices=[Choice(title=_titled(t, str(zone)), value=t) for t in offered],
        ),
        _text("reason", "Why, shown on the card", REASON_LIMIT),
    ]
    return _dialog(view, "snooze", "Snooze", "Nobody is reminded until then.", inputs)


def _titled(text: str, zone: str) -> str:
    """Return a choice as it is shown; a time of day says in which zone it is."""
    return f"{_SAID[text]} ({zone})" if text in _SAID else text


def assign(view: View) -> Rendered:
    """Ask who is to look at it."""
    able = [p for p in view.watch.people if not p.guest and ABLE & set(p.roles)]
    inputs: list[CardElement] = [
        ChoiceSetInput(
            id="person",
            label="Who is to look at it",
            style="filtered" if len(able) > 8 else "compact",  # noqa: PLR2004
            is_required=True,
            error_message="Choose somebody.",
            choices=[Choice(title=person(p.name), value=p.name) for p in able[:100]],
        )
    ]
    words = "They are told in the thread, and acknowledge it themselves."
    return _dialog(view, "assign", "Assign", words, inputs)


def note(view: View) -> Rendered:
    """Ask what is to be written down."""
    inputs: list[CardElement] = [_text("text", "Note, kept with the evidence", 1000)]
    return _dialog(
        view, "note", "Write down", "Everyone in the channel sees it.", inputs
    )


def again(asked: Rendered, filled: Mapping[str, str], why: str) -> Rendered:
    """Return a dialog as somebody had filled it in; on top, why that was refused."""
    told = box("attention", runs(said(why, 400))).model_dump(exclude_none=True)
    body = [
        {**part, "value": cut(filled[part["id"]], int(part.get("maxLength", _LONGEST)))}
        if part.get("id") in filled
        else part
        for part in asked.card["body"]
    ]
    return replace(asked, card={**asked.card, "body": [told, *body]})


def _text(key: str, label: str, most: int) -> TextInput:
    return TextInput(
        id=key,
        label=label,
        is_required=True,
        error_message="Say it in a few words.",
        is_multiline=True,
        max_length=most,
    )


def _dialog(
    view: View, verb: str, send: str, words: str, inputs: Sequence[CardElement]
) -> Rendered:
    name = identifier(view.endpoint.name)
    return card(
        [paragraph(f"{view.incident.id} on {name}. {words}"), *inputs],
        [SubmitAction(title=send, data=buttons.data(view, verb))],
        summary=f"{send} {view.incident.id}",
        wide=False,
    )


ASKS: Final[Mapping[str, Callable[[View], Rendered]]] = {
    "snooze": snooze,
    "assign": assign,
    "note": note,
}
