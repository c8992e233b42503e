"""A call in a thread, or in another channel: nobody has acknowledged an alert."""

from bot.incident import Escalated
from cards import buttons, figures, replies, situation
from cards.elements import paragraph
from cards.frame import at, card, line, mention
from cards.headline import headline
from cards.view import Rendered, View
from cards.words import identifier

_MENTIONED = 5


def render(view: View, event: Escalated, *, elsewhere: bool = False) -> Rendered:
    """Return the call; `elsewhere` is where the incident's own card is not."""
    people = [p for p in view.watch.people if p.name in event.names][:_MENTIONED]
    waited = event.at - view.incident.history[event.since - 1].at
    called = " ".join(at(p.name) for p in people)
    key, name = view.incident.id, identifier(view.endpoint.name)
    words = f"{called}: nobody has acknowledged {key} on {name}"
    where = view.watch.channels[view.endpoint.channel].name
    body = [paragraph(f"{words} for {figures.duration(waited)}.")]
    if elsewhere:
        body.append(paragraph(f"{headline(view)}, {situation.middle(view)}."))
        number = key.removeprefix("A-")
        hint = f'Its card is in {identifier(where)}. Here: "ack {number}", "show {number}".'
        body.append(paragraph(hint, subtle=True, spacing="None"))
    return card(
        body,
        buttons.page(view) if elsewhere else [],
        summary=line("Nobody has it", headline(view), key),
        text=replies.line(view, event),
        mentions=[mention(p.name, p.accounts[0]) for p in people],
        wide=False,
    )
