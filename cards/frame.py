"""The finished card: its frame in Teams, whom it mentions, how big it may be."""

import json
from collections.abc import Sequence
from typing import Any, Final

from microsoft_teams.cards import (
    Action,
    AdaptiveCard,
    CardElement,
    Mention,
    MentionedEntity,
    RefreshDefinition,
    TeamsCardProperties,
)

from cards.view import Rendered
from cards.words import cut, person

LIMIT: Final = 20_000  # bytes of JSON; Workflows and older clients stop at 28 KB


def mention(name: str, account: str) -> Mention:
    """Return the entity that makes `at(name)` in our own text a mention.

    `account` is the Entra object id.
    """
    shown = person(name)
    return Mention(text=at(name), mentioned=MentionedEntity(id=account, name=shown))


def at(name: str) -> str:
    """Return the words that a mention takes the place of."""
    return f"<at>{person(name)}</at>"


def line(state: str, what: str, key: str) -> str:
    """Return the notification's one line: state, what and where, id; under 100."""
    return f"{state}: {cut(what, 96 - len(state) - len(key))}, {key}"


def card(
    body: Sequence[CardElement],
    actions: Sequence[Action],
    *,
    summary: str,
    text: str = "",
    spare: Sequence[CardElement] = (),
    mentions: Sequence[Mention] = (),
    refresh: RefreshDefinition | None = None,
    wide: bool = True,
) -> Rendered:
    """Return the finished card, under LIMIT bytes.

    Elements of `body` that are `spare` too are left out, in that order, until it fits;
    the evidence page has them all. Raises ValueError when a figure is not finite.
    """
    said = cut(summary, 99)
    model = AdaptiveCard(
        fallback_text=said,
        body=[],
        actions=list(actions) or None,
        refresh=refresh,
        msteams=_teams(mentions, wide=wide),
    )
    shown = model.model_dump(exclude_none=True)
    parts = [(e, e.model_dump(exclude_none=True)) for e in body]
    room = LIMIT - _size(shown) - sum(_size(dump) for _, dump in parts)
    for left_out in spare:
        if room > 0:
            break
        room += sum(_size(dump) for e, dump in parts if e is left_out)
        parts = [(e, dump) for e, dump in parts if e is not left_out]
    shown["body"] = [dump for _, dump in parts]
    return Rendered(shown, said, cut(text or said, 400))


def smaller(shown: Rendered, page: str = "") -> Rendered:
    """Return the card's first words alone, for a place that did not take all of it.

    `page` is the address of the evidence page, which has the rest.
    """
    kinds = ("Container", "TextBlock", "RichTextBlock")
    kept = [e for e in shown.card["body"] if e["type"] in kinds][:4]
    rest = "The rest is on the evidence page." if page else "The rest did not fit here."
    kept.append({"type": "TextBlock", "text": rest, "wrap": True})
    few = {k: v for k, v in shown.card.items() if k != "body"}
    return Rendered({**few, "body": kept}, shown.summary, shown.text)


def _size(part: dict[str, Any]) -> int:
    return len(json.dumps(part, allow_nan=False)) + 2


def _teams(mentions: Sequence[Mention], *, wide: bool) -> TeamsCardProperties | None:
    if not (wide or mentions):
        return None
    return TeamsCardProperties(
        width="full" if wide else None, entities=list(mentions) or None
    )
