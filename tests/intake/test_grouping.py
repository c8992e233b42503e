"""Whatever order and number deliveries come in, the same alerts fire in the end."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.incident import Alert, AlertReceived, Incident
from bot.triage.grouping import OWN_START, Group, wanted
from tests.conftest import NOW
from tests.incidents import NEW, alert


class Memory:
    """The histories of one group, as the store would hand them out."""

    def __init__(self) -> None:
        self.incidents: list[Incident] = []

    def deliver(self, batch: Sequence[AlertReceived]) -> None:
        held: dict[str, dict[object, str]] = {}
        for incident in self.incidents:
            for event in incident.every(AlertReceived):
                starts = held.setdefault(event.alert.fingerprint, {})
                starts.setdefault(event.alert.starts_at, incident.id)
        keys = wanted([e.alert for e in batch], held)  # type: ignore[arg-type]
        found = [i for i in self.incidents[:-1] if i.id in keys] + self.incidents[-1:]
        group = Group(NEW, found, held)  # type: ignore[arg-type]
        for event in batch:
            group.add(event)
        for before, events in group.changes():
            after = before.having(*events)
            if before.id:
                self.incidents[int(before.id[2:]) - 1] = after
            else:
                key = f"A-{len(self.incidents) + 1}"
                self.incidents.append(replace(after, id=key))

    @property
    def firing(self) -> set[str]:
        """Return the conditions that fire in any of the incidents."""
        every = [a for i in self.incidents for a in i.alerts]
        return {a.fingerprint for a in every if a.status == "firing"}

    @property
    def living(self) -> list[str]:
        return [i.id for i in self.incidents if i.status != "resolved"]


@st.composite
def stories(draw: st.DrawFn) -> list[AlertReceived]:
    """Conditions that fire and end some times over, in the order in which they did."""
    found: list[tuple[int, Alert]] = []
    for n in range(draw(st.integers(1, 5))):
        times = draw(st.lists(st.integers(0, 40), min_size=2, max_size=8, unique=True))
        times.sort()
        for begin, end in zip(times[::2], [*times[1::2], None], strict=False):
            fired = alert(
                fingerprint=f"f-{n}", starts_at=NOW + timedelta(minutes=begin)
            )
            found.append((begin, fired))
            if end is not None:
                found.append((end, replace(fired, status="resolved")))
    found.sort(key=lambda one: one[0])
    return [
        AlertReceived(at=NOW + timedelta(minutes=at), alert=a, delivery=f"d-{n}")
        for n, (at, a) in enumerate(found)
    ]


@st.composite
def muddles(draw: st.DrawFn) -> tuple[list[AlertReceived], list[list[AlertReceived]]]:
    """A story, and the same one delivered in any order, some of it again, in batches."""
    story = draw(stories())
    again = draw(st.lists(st.sampled_from(story), max_size=8))
    waiting = draw(st.permutations([*story, *again]))
    batches = []
    while waiting:
        size = draw(st.integers(1, len(waiting)))
        batches.append(list(waiting[:size]))
        waiting = waiting[size:]
    return story, batches


@settings(max_examples=400, deadline=None)
@given(muddles())
def test_any_order_of_deliveries_ends_in_the_same_alerts(
    muddle: tuple[list[AlertReceived], list[list[AlertReceived]]],
) -> None:
    """
    A late Fired once joined the next incident and stayed there for ever.
    """
    story, batches = muddle
    ordered, muddled = Memory(), Memory()
    for event in story:
        ordered.deliver([event])
    for batch in batches:
        muddled.deliver(batch)

    assert ordered.firing == muddled.firing
    assert len(muddled.living) == bool(muddled.firing)
    kept = [e for i in muddled.incidents for e in i.every(AlertReceived)]
    assert sorted(e.delivery for e in story) == sorted(e.delivery for e in kept)


def test_a_late_fired_finds_the_incident_of_its_resolved() -> None:
    """
    Between the two, another condition has opened the next incident.
    """
    a, b = alert(fingerprint="a"), alert(fingerprint="b")
    memory = Memory()
    for n, one in enumerate((replace(a, status="resolved"), b, a)):
        later = NOW + timedelta(hours=n)
        memory.deliver([AlertReceived(at=later, alert=one, delivery=f"d-{n}")])

    assert {"b"} == memory.firing
    assert ["A-2"] == memory.living


def test_starts_in_the_future_are_matched_by_what_the_sender_said() -> None:
    """
    Both notices are dated to their receipt, the late Fired after its own Resolved.
    """
    label = {OWN_START: "2099-01-01 00:00 UTC"}
    fired = replace(alert(starts_at=NOW + timedelta(seconds=9)), labels=label)
    ended = replace(alert(status="resolved"), labels=label)
    memory = Memory()
    memory.deliver([AlertReceived(at=NOW, alert=ended, delivery="d-1")])
    memory.deliver([AlertReceived(at=NOW, alert=fired, delivery="d-2")])

    assert set() == memory.firing
