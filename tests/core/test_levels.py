"""How long each step took, told the same way whatever order people work in."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from bot.incident import (
    Acknowledged,
    Actor,
    AlertReceived,
    CardShown,
    DecisionRecorded,
    Event,
    Incident,
    RollbackAsked,
    RollbackImpossible,
    SignalsEvaluated,
)
from bot.levels import STEPS, Levels, by_model, levels, resolved_at, shifted, summary
from bot.signals import Report
from bot.watch import Endpoint, ServiceLevels, WatchList
from tests.conftest import NOW
from tests.incidents import ENDPOINT, NEW, alert, received

PRIYA = Actor("t", "o-1", "Priya Raman")
TARGETS = ServiceLevels(
    detect_minutes=60, acknowledge_minutes=30, decide_minutes=240, resolve_minutes=2880
)
WATCHED = Endpoint(id=ENDPOINT, owner="", channel="", tier=1, levels=TARGETS)
UNTARGETED = Endpoint(id=ENDPOINT, owner="", channel="")


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def at(count: float) -> datetime:
    return NOW + minutes(count)


def shown(count: float) -> CardShown:
    return CardShown(at=at(count), conversation="c", activity="a", revision=1)


def acknowledged(count: float) -> Acknowledged:
    return Acknowledged(at=at(count), by=PRIYA)


def decided(count: float) -> DecisionRecorded:
    return DecisionRecorded(
        at=at(count), by=PRIYA, choice="retrain", reason="drift", expires_at=at(99999)
    )


def results(
    events: Sequence[Event], after: float, watched: Endpoint = WATCHED
) -> list[str]:
    found = levels(NEW.having(*events), watched, at(after))
    return [clock.result for clock in found.clocks]


def test_all_in_time() -> None:
    history = [
        received(NOW),
        shown(2),
        acknowledged(12),
        decided(90),
        received(at(300), status="resolved"),
    ]
    found = levels(NEW.having(*history), WATCHED, at(9999))

    assert ["met"] * 4 == [clock.result for clock in found.clocks]
    assert [minutes(m) for m in (2, 10, 88, 298)] == [c.took for c in found.clocks]


def test_a_clock_runs_until_its_time_is_up() -> None:
    history = [received(NOW), shown(0)]

    assert ["met", "running", "running", "running"] == results(history, 30)
    assert ["met", "missed", "running", "running"] == results(history, 31)
    late = levels(NEW.having(*history), WATCHED, at(31)).clock("acknowledge")
    assert (True, at(30), minutes(31)) == (late.open, late.due, late.took)


def test_what_ended_by_itself_in_time_was_not_called_for() -> None:
    """
    Nobody failed who had ten minutes left when the condition went away.
    """
    early = [received(NOW), shown(0), received(at(20), status="resolved")]
    late = [received(NOW), shown(0), received(at(40), status="resolved")]

    assert "not called for" == results(early, 9999)[1]
    assert "missed" == results(late, 9999)[1]
    over = levels(NEW.having(*late), WATCHED, at(9999)).clock("acknowledge")
    assert not over.open


def test_without_targets_times_are_told_and_nothing_is_missed() -> None:
    history = [received(NOW), shown(500), acknowledged(5000)]

    assert ["no target"] * 4 == results(history, 99999, UNTARGETED)
    assert (
        minutes(4500)
        == levels(NEW.having(*history), UNTARGETED, at(9)).clock("acknowledge").took
    )


def test_a_card_that_never_came_is_told_as_late_and_not_as_a_slow_person() -> None:
    assert ["missed", *["not measured"] * 3] == results([received(NOW)], 61)


def test_an_incident_that_a_person_began_has_nothing_to_detect() -> None:
    asked = RollbackAsked(at=NOW, by=PRIYA, reason="bad deploy")
    ended = RollbackImpossible(at=at(10), asked=1, reason="one deployment")

    assert "not measured" == results([asked, shown(1)], 5)[0]
    assert at(10) == resolved_at(NEW.having(asked, shown(1), ended))


def test_the_shift_lies_in_the_window_that_shows_it() -> None:
    """
    A daily window that is complete at midnight cannot be judged before midnight.
    """
    day = (NOW - timedelta(days=1), NOW - minutes(30))
    report = Report(
        signal="data-drift",
        mode="sound",
        verdict="breached",
        sentence="",
        results=(),
        reference_rows=9,
        production_rows=9,
        production_window=day,
    )
    found = levels(
        NEW.having(received(NOW), SignalsEvaluated(at=NOW, report=report), shown(1)),
        WATCHED,
        at(5),
    ).clock("detect")

    assert ("met", minutes(31), timedelta(days=1, minutes=1)) == (
        found.result,
        found.took,
        found.at_most,
    )


def test_an_endpoint_takes_from_its_tier_what_it_leaves_out() -> None:
    watch = WatchList.model_validate(
        {
            "tenant": "44444444-aaaa-4bbb-8ccc-000000000004",
            "people": [
                {"name": "P", "accounts": ["44444444-aaaa-4bbb-8ccc-000000000005"]}
            ],
            "channels": {"c": {"id": "19:c"}},
            "levels": {1: {"acknowledge_minutes": 30, "decide_minutes": 240}},
            "endpoints": [
                {
                    "id": ENDPOINT,
                    "owner": "P",
                    "channel": "c",
                    "tier": 1,
                    "levels": {"acknowledge_minutes": 10, "resolve_minutes": None},
                }
            ],
        }
    )
    [endpoint] = watch.endpoints

    assert [None, minutes(10), minutes(240), None] == [
        endpoint.levels.target(step) for step in STEPS
    ]


counts = st.integers(0, 5000)
events = st.one_of(
    st.builds(shown, counts),
    st.builds(acknowledged, counts),
    st.builds(decided, counts),
    st.builds(
        lambda n, f, s, start: AlertReceived(
            at=at(n),
            alert=alert(fingerprint=f, status=s, starts_at=at(start)),
            delivery="d",
        ),
        counts,
        st.sampled_from(["f-1", "f-2"]),
        st.sampled_from(["firing", "resolved"]),
        st.integers(-5000, 5000),
    ),
)
histories = st.lists(events, max_size=12).map(lambda es: NEW.having(*es))


@given(histories, counts)
def test_any_history_in_any_order_gives_times_that_can_be(
    incident: Incident, after: int
) -> None:
    """
    Notices come late and out of order; a time below zero would shame the report.
    """
    found = levels(incident, WATCHED, at(after))

    for clock in found.clocks:
        assert clock.took is None or clock.took >= timedelta()
        assert (
            clock.at_most is None or clock.took is None or clock.at_most >= clock.took
        )
        if clock.result in ("met", "missed", "running"):
            assert clock.started is not None
            assert clock.target is not None
        if clock.result == "met":
            assert clock.ended is not None
    span = shifted(incident)
    assert span is None or span[0] <= span[1]


@given(histories)
def test_over_means_resolved_and_says_since_when(incident: Incident) -> None:
    found = resolved_at(incident)

    assert (found is not None) == (incident.status == "resolved")
    assert found is None or found in [e.at for e in incident.history]


@given(histories, counts, st.integers(0, 5000))
def test_time_alone_never_mends_a_missed_target(
    incident: Incident, after: int, more: int
) -> None:
    early = levels(incident, WATCHED, at(after))
    later = levels(incident, WATCHED, at(after + more))

    for before, now in zip(early.clocks, later.clocks, strict=True):
        if before.result != now.result:
            assert ("running", "missed") == (before.result, now.result)


def one(took: float | None, target: float = 30) -> Levels:
    """Return the levels of an incident acknowledged after `took` minutes, None: not yet."""
    watched = WATCHED.model_copy(
        update={"levels": ServiceLevels(acknowledge_minutes=target)}
    )
    ack = [] if took is None else [acknowledged(took)]
    return levels(NEW.having(received(NOW), shown(0), *ack), watched, at(10))


@given(st.lists(st.none() | st.integers(0, 100), max_size=40))
def test_the_summary_counts_every_incident_once(taken: list[int | None]) -> None:
    found = summary([one(t) for t in taken])[STEPS.index("acknowledge")]
    ended = sorted(t for t in taken if t is not None)

    assert len(taken) == found.met + found.missed + found.running
    assert len(ended) == found.measured
    if ended:
        assert found.p90 is not None
        assert minutes(median(ended)) == found.median
        below = sum(minutes(t) <= found.p90 for t in ended)
        assert below / len(ended) >= 0.9
        assert found.share_met == sum(t <= 30 for t in ended) / len(ended)
    else:
        assert (None, None, None) == (found.median, found.p90, found.share_met)


def test_steps_are_told_by_model_and_tier() -> None:
    """
    A tier 3 model that nobody hurries for must not hide a tier 1 that was late.
    """
    loan = WATCHED.model_copy(update={"model": "loan"})
    other = loan.model_copy(update={"tier": 3, "levels": ServiceLevels()})
    late = NEW.having(received(NOW), shown(1), acknowledged(90))
    quick = NEW.having(received(NOW), shown(1), acknowledged(5))
    asked = NEW.having(RollbackAsked(at=NOW, by=PRIYA, reason="r"))
    found = by_model(
        [(late, loan), (quick, other), (quick, WATCHED), (asked, loan)], at(95)
    )

    assert [("loan", 1), ("loan", 3), ("loan-prescreening", 1)] == [
        (of.model, of.tier) for of in found
    ]
    tier_1, tier_3, unnamed = (of.steps[STEPS.index("acknowledge")] for of in found)
    assert (1, 0, minutes(89)) == (tier_1.missed, tier_1.met, tier_1.median)
    assert (0, 0, minutes(4)) == (tier_3.missed, tier_3.met, tier_3.median)
    assert (0, 1) == (unnamed.missed, unnamed.met)
