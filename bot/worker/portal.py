"""Two ways with Azure Monitor: what is decided here is set there, and the other way.

No echo: of each alert the history holds the state that both sides know; only what is
different from it is set, or shown.
"""

from bot.incident import (
    AlertState,
    AzureChanged,
    AzureMarked,
    AzureRefused,
    DecisionRecorded,
    Event,
    Follow,
    Incident,
    LookInAzure,
    MarkInAzure,
    is_azure_alert,
)
from bot.ports import Impossible, Portal
from bot.store import Conflict, Due, Leader
from bot.worker.means import Means, record
from cards.words import clean

_MOST = 20  # alerts of one incident; of a storm, the portal is not the place to follow


async def mark(means: Means, due: Due, effect: MarkInAzure, leader: Leader) -> None:
    """Set what is decided here, where Azure does not have it yet."""
    incident, portal = await means.incident(due), means.portal
    state, why = wanted(means, incident)
    events: list[Event] = []
    refusal = ""
    for alert in _alerts(incident):
        if portal is None or state is None or known(incident, alert) == state:
            continue
        try:
            await portal.mark(alert, state, why)
        except Impossible as error:  # one that Azure has deleted hinders no other
            refusal = refusal or str(error)
        else:
            at = means.clock()
            events.append(AzureMarked(at=at, alert=alert, state=state))
    if refusal:
        refused = AzureRefused(at=means.clock(), reason=refusal)
        events += [refused] if await _news(means, incident, refused) else []
    elif events:
        await _news(means, incident, events[-1])
    told = tuple(events)
    await record(means, due.incident, lambda _: told, leader, done=due.id)


async def look(means: Means, due: Due, effect: LookInAzure, leader: Leader) -> None:
    """Show what somebody set in the portal, and look again after a while."""
    incident, portal = await means.incident(due), means.portal
    state, _ = wanted(means, incident)
    events: list[Event] = []
    alerts = _alerts(incident)
    for alert in alerts if portal else ():
        event = await _seen(means, portal, incident, alert, state) if portal else None
        events += [event] if event else []
    if events:
        told = tuple(events)
        incident = await record(means, due.incident, lambda _: told, leader)
    again: tuple[Follow, ...] = ()
    if alerts and portal and known(incident, alerts[0]) != "Closed" and _open(incident):
        at = means.clock() + means.portal_every
        again = (Follow(effect=LookInAzure(), due_at=at),)
    await means.store.outbox.replace(
        due.id, leader.role, again, about=incident.id, fence=leader.epoch
    )


async def _seen(
    means: Means,
    portal: Portal,
    incident: Incident,
    alert: str,
    state: AlertState | None,
) -> Event | None:
    """Return what is new to us about an alert. Raises Unavailable."""
    try:
        found = await portal.state(alert)
    except Impossible:
        return None  # deleted, or not ours to read; the alert itself is unaffected
    if found.state == known(incident, alert):
        return None
    at = means.clock()
    if found.state == state:  # set by ourselves, before a crash kept us from saying so
        return AzureMarked(at=at, alert=alert, state=found.state)
    return AzureChanged(
        at=at, alert=alert, state=found.state, who=found.by, changed_at=found.at
    )


def wanted(means: Means, incident: Incident) -> tuple[AlertState | None, str]:
    """Return the state that Azure should have by what is decided here, and why."""
    where = f"Watchkeeper {incident.id}"
    if incident.status == "undecided":  # over in Azure, but tier 1 wants a record
        return None, ""
    if incident.status == "resolved":
        decided = incident.last(DecisionRecorded)
        made = f": {decided.choice}. {clean(decided.reason, 200)}" if decided else ""
        return "Closed", f"{where} is over{made}"
    if taken := incident.acknowledgement:
        name = means.view(incident).name(taken.by)
        note = f": {clean(taken.note, 200)}" if taken.note else ""
        return "Acknowledged", f"{name} acknowledged {where}{note}"
    given_back = any(e.state == "Acknowledged" for e in incident.every(AzureMarked))
    return ("New", f"{where} was given back") if given_back else (None, "")


def known(incident: Incident, alert: str) -> AlertState:
    """Return the state of an alert that both sides know."""
    for event in reversed(incident.history):
        if isinstance(event, AzureMarked | AzureChanged) and event.alert == alert:
            return event.state
    return "New"


def _alerts(incident: Incident) -> list[str]:
    found = (a.fingerprint for a in incident.alerts)
    return [f for f in found if is_azure_alert(f)][:_MOST]


def _open(incident: Incident) -> bool:
    return incident.status != "resolved"


async def _news(means: Means, incident: Incident, event: Event) -> bool:
    """Keep with the endpoint whether Azure lets us; return whether that has changed.

    A refusal is told once, and once more after it was granted in between.
    """
    for _ in range(5):
        ledger = await means.store.ledger(incident.endpoint)
        newest = ledger.last(AzureRefused, AzureMarked)
        before = AzureMarked if newest is None else type(newest)
        if type(event) is before:
            return False
        try:
            await means.store.append(ledger, [event])
        except Conflict:
            continue
        return True
    return False
