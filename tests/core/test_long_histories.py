"""An incident that never closes: what is read off its history is read once."""

from collections.abc import Iterator

from bot.incident import AlertReceived, Event, Incident
from tests.conftest import NOW
from tests.incidents import alert


class Walked(tuple[Event, ...]):
    """A history that counts how often somebody walks through it."""

    __slots__ = ()
    walks = 0

    def __iter__(self) -> Iterator[Event]:
        type(self).walks += 1
        return super().__iter__()


def test_a_history_is_walked_once_for_all_that_ask() -> None:
    """
    A card asks for the alerts 35 times: with 5,000 of them it held the loop for 120 ms.
    """
    events = [AlertReceived(at=NOW, alert=alert(), delivery=str(n)) for n in range(50)]
    incident = Incident(id="A-1", group_key="g", endpoint="/e", history=Walked(events))
    for _ in range(100):
        assert (1, "firing") == (len(incident.alerts), incident.status)
        assert 50 == len(incident.every(AlertReceived))
        assert events[-1] is incident.last(AlertReceived)

    assert Walked.walks <= 4


def test_what_was_read_before_an_event_is_not_said_after_it() -> None:
    first = AlertReceived(at=NOW, alert=alert(), delivery="1")
    before = Incident(id="A-1", group_key="g", endpoint="/e", history=(first,))
    assert (1, first) == (len(before.alerts), before.last(AlertReceived))
    second = AlertReceived(at=NOW, alert=alert(fingerprint="other"), delivery="2")
    after = before.having(second)

    assert (2, second) == (len(after.alerts), after.last(AlertReceived))
    assert (1, first) == (len(before.alerts), before.last(AlertReceived))
    same = Incident(id="A-1", group_key="g", endpoint="/e", history=(first,))
    assert same == before  # whatever was asked of one of them
