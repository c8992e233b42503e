"""The finished card: its frame in Teams, whom it mentions, how big it may be."""

import json
from collections.abc import Sequence
from typing import Final

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
    line = cut(summary, 99)
    kept = list(body)
    for drop in (None, *spare):
        kept = [e for e in kept if e is not drop]
        model = AdaptiveCard(
            fallback_text=line,
            body=kept,
            actions=list(actions) or None,
            refresh=refresh,
            msteams=TeamsCardProperties(
                width="full" if wide else None, entities=list(mentions) or None
            )
            if wide or mentions
            else None,
        )
        shown = model.model_dump(exclude_none=True)
        if len(json.dumps(shown, allow_nan=False)) < LIMIT:
            break
    return Rendered(shown, line, cut(text or line, 400))
