"""Whose an endpoint is: owner, channel, who can approve, who is called when."""

from datetime import datetime, timedelta

from bot.triage.chain import steps
from bot.watch import Endpoint, WatchList
from cards import care, figures
from cards.elements import Rows, Words, band, facts, heading, paragraph, title
from cards.frame import card
from cards.view import Rendered
from cards.words import identifier, person

_ACT = frozenset({"operator", "owner", "approver"})


def render(endpoint: Endpoint, watch: WatchList, now: datetime) -> Rendered:
    """Return who is responsible for an endpoint, all from the watch list."""
    name, owner = identifier(endpoint.name), person(endpoint.owner)
    words = f"{owner} owns {name}"
    channel = watch.channels[endpoint.channel]
    approvers = tuple(p.name for p in watch.approvers(endpoint))
    acting = tuple(p.name for p in watch.people if not p.guest and _ACT & set(p.roles))
    count = endpoint.approval.count
    rows: list[tuple[Words, Words]] = [
        ("Owner", owner),
        ("Channel", identifier(channel.name or endpoint.channel)),
        ("Acknowledge", care.names(acting) or "nobody"),
        ("Approve", f"{care.names(approvers) or 'nobody'} ({count} needed)"),
        ("Snooze", f"{endpoint.snooze_limit_hours:g} h at most"),
        ("Time zone", channel.time_zone.replace("_", " ")),
    ]
    return card(
        [
            band("Owner", "emphasis", f"Tier {endpoint.tier}", figures.day(now)),
            title(words),
            paragraph(
                f"Workspace {identifier(endpoint.workspace)}",
                subtle=True,
                spacing="None",
            ),
            *facts(rows),
            heading("If nobody acknowledges an alert"),
            *(facts(_chain(endpoint, watch, now)) or [paragraph("Nobody is called.")]),
        ],
        [],
        summary=words,
        wide=False,
    )


def _chain(endpoint: Endpoint, watch: WatchList, now: datetime) -> Rows:
    return [
        (f"After {_short(s.at - now)}", f"{care.CIRCLES[s.to]}: {care.names(s.names)}")
        for s in steps(endpoint, watch, now)
    ]


def _short(length: timedelta) -> str:
    return figures.duration(length)
