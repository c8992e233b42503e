"""Let an incident sleep: no reminder until then, with a reason and a limit."""

from datetime import datetime, timedelta

from bot.commands import Ask, Command, Words
from bot.commands.naming import named, reason_in, unquoted, within
from bot.commands.when import until
from bot.incident import Event, Refused, Snoozed

REASON_LIMIT = 300
SHORTEST = timedelta(minutes=5)


def _words(rest: str) -> Words:
    incident, tail = named(rest)
    return {"incident": incident, "until": unquoted(tail)}


def decide(ask: Ask) -> tuple[Event, ...]:
    """Return the snooze. A dialog sends duration and reason apart."""
    incident = ask.incident
    if incident.status not in ("firing", "acknowledged"):
        raise Refused(f"{incident.id} fires no more; there is nothing to snooze.")
    end, behind = _end(ask)
    reason = reason_in(ask.words.get("reason") or behind)
    if not reason:
        raise Refused("Say why: a snooze needs a reason.")
    snoozed = Snoozed(
        at=ask.now, by=ask.actor, until=end, reason=within(reason, REASON_LIMIT)
    )
    return (snoozed,)


def _end(ask: Ask) -> tuple[datetime, str]:
    zone = ask.watch.channels[ask.endpoint.channel].zone
    end, behind = until(ask.words.get("until", ""), ask.now, zone)
    if end is None:
        raise Refused(
            "Until when? For example: snooze 42 2h partner feed is late; "
            "or: snooze 42 until tomorrow 9:00 partner feed is late."
        )
    limit = timedelta(hours=ask.endpoint.snooze_limit_hours)
    if end < ask.now + SHORTEST:
        raise Refused("That is over already, or nearly; snooze for 5 minutes or more.")
    if end > ask.now + limit:
        most = f"{(ask.now + limit).astimezone(zone):%Y-%m-%d %H:%M}"
        raise Refused(
            f"{ask.endpoint.name} may be snoozed for {limit.total_seconds() / 3600:g} "
            f"hours at most: until {most} ({zone.key})."
        )
    return end, behind


COMMANDS = (
    Command(
        verb="snooze",
        usage="snooze <incident> <duration> <reason>",
        does="lets it sleep: nobody is reminded until then",
        about="incident",
        roles=frozenset({"operator", "owner", "approver"}),
        words=_words,
        decide=decide,
        examples=(
            "snooze 42 2h partner feed is late",
            "snooze 42 until tomorrow 9:00 fixed with tonight's run",
            "snooze 42 until fri 17:00 waiting for the vendor",
        ),
    ),
)
