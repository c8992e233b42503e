"""An answer that takes a while: what is being asked of Azure, until it stands here."""

from typing import Final

from cards.elements import band, paragraph, title
from cards.frame import card, line
from cards.view import Rendered
from cards.words import identifier

_WHAT: Final = {
    "status": "how {} stands",
    "health": "how {} serves",
    "drift": "what drifts on {}",
    "access": "who can reach {}",
    "dry_run": "what a rollback of {} would do",
}


def render(asked: str, endpoint: str = "") -> Rendered:
    """Return what is shown meanwhile; `asked` is the card that will answer.

    `endpoint` is the name of what is asked about, "" for nothing in particular.
    """
    name = identifier(endpoint) if endpoint else "that"
    what = _WHAT.get(asked, "what you asked").format(name)
    words = f"Looking up {what}"
    return card(
        [
            band("Working", "accent", "Asking Azure", ""),
            title(words),
            paragraph(
                "The answer comes in place of this message. What Azure does not say"
                " in time is named as missing."
            ),
        ],
        [],
        summary=line("Working", words[0].lower() + words[1:], "").rstrip(", "),
        text=f"{words}. The answer comes in place of this message.",
        wide=False,
    )
