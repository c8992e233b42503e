"""What must be true of every card, whatever it is about."""

import json
import math
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.incident import AlertReceived, EffectParked, Event, Noted
from bot.signals import Report
from bot.triage import silence
from bot.triage.inhibition import COLLECTION
from cards import dialogs, error, evidence, findings, parked, replies, show, status
from cards.elements import band
from cards.frame import LIMIT
from cards.headline import headline
from tests.cards import reading, samples, tainted
from tests.cards.rollbacks import MORE
from tests.cards.served import serving
from tests.cards.test_goldens import CARDS

SCHEMA = json.loads(
    (Path(__file__).parents[1] / "fixtures/cards/adaptive-card-1.5.0.json").read_text()
)
VALID = jsonschema.Draft6Validator(SCHEMA)
every_card = pytest.mark.parametrize("name", CARDS)


@every_card
def test_a_card_is_valid_adaptive_card_1_5(name: str) -> None:
    """
    A client of 1.5 draws nothing at all of a card that breaks its schema.
    """
    card = reading.without_charts(CARDS[name]().card)

    assert [] == [e.message for e in VALID.iter_errors(card)]


@every_card
def test_a_card_has_only_properties_that_teams_knows(name: str) -> None:
    """
    The models keep a misspelt keyword silently; Teams then ignores it.
    """
    assert [] == list(reading.unknown(CARDS[name]().card))


def test_a_misspelt_property_would_be_seen() -> None:
    """
    The check above is worth something only if it can fail, at any depth.
    """
    card = CARDS["firing"]().card
    inner = next(e for e in reading.elements(card) if e.get("type") == "TextRun")
    inner["wieght"] = "Bolder"
    reading.charts(card)[0]["data"][0]["colour"] = "good"

    assert {"TextRun.wieght", "HorizontalBarChartDataValue.colour"} == set(
        reading.unknown(card)
    )


@every_card
def test_a_card_is_small(name: str) -> None:
    """
    Workflows and older clients stop at 28 KB; an ordinary card stays far below.
    """
    most = 16_000 if name.startswith("evidence") else 12_000

    assert len(json.dumps(CARDS[name]().card)) < most


@every_card
def test_buttons_are_few_and_short(name: str) -> None:
    """
    Teams shows six; a title over 20 characters is cut on a phone.
    """
    card = CARDS[name]().card
    titles = [a["title"] for a in card.get("actions", [])]

    assert len(titles) <= 5
    assert len(set(titles)) == len(titles)
    assert all(len(t) <= 20 for t in titles)


@every_card
def test_what_a_button_sends_decides_nothing(name: str) -> None:
    """
    Data comes back from the client, so it holds an id, a revision and a token.
    """
    for action in reading.elements(CARDS[name]().card):
        if action.get("type") not in ("Action.Execute", "Action.Submit"):
            continue
        data = dict(action["data"])
        dialog = data.pop("msteams", None)
        wanted = {"verb", "id", "rev", "t"}
        if data["verb"] in ("approve", "reject", "undo"):
            wanted |= {"ref"}
        assert wanted == set(data)
        assert ("A-42", samples.sign("A-42", data["rev"])) == (data["id"], data["t"])
        assert dialog in (None, {"type": "task/fetch"})
        if action["type"] == "Action.Execute" and data["verb"] != "refresh":
            assert action["fallback"]["data"] == action["data"]
            assert action["verb"] == data["verb"]


@every_card
def test_a_chart_says_its_figures_in_words(name: str) -> None:
    """
    A screen reader has the title, an older client the fallback; both need the figures.
    """
    for chart in reading.charts(CARDS[name]().card):
        words = reading.shown(chart["fallback"])
        for point in reading.elements(chart["data"]):
            if "y" in point:
                timed = chart["type"] == "Chart.Line"
                name = point["x"][11:16] if timed else point["x"]  # the time of day
                assert name in words
                assert name in chart["title"]
        figures = [w for w in words.replace(",", " ").split() if w[0].isdigit()]
        assert figures
        assert all(f in chart["title"] for f in figures if f.endswith("%"))


@every_card
def test_the_notification_line_fits(name: str) -> None:
    """
    A phone shows one line: state, what, where, which.
    """
    rendered = CARDS[name]()

    assert 10 < len(rendered.summary) < 100
    assert rendered.summary == rendered.card["fallbackText"]
    assert "{{" not in rendered.summary + rendered.text


@pytest.mark.parametrize(
    "state", ["Acknowledged", "Approval needed", "Not rolled back"]
)
def test_the_band_fits_a_phone(state: str) -> None:
    """
    At 328 px there are 296 px for state, kind and id with two gaps of 8 px.
    """
    kinds = [f"Sev 2 \u00b7 {k}" for k in findings.KINDS.values()]
    middles = kinds if state == "Acknowledged" else ["Sev 2 \u00b7 R-1234"]
    for middle in middles:
        used = reading.width(state, bold=True) + reading.width(middle + "A-2291")
        assert used + 16 <= 296, middle


def test_every_kind_of_alert_has_its_title() -> None:
    """
    Whatever Azure sends, the reader who stops at the title knows what and where.
    """
    for kind in findings.KINDS:
        event = AlertReceived(
            at=samples.after(0), alert=samples.alert(kind=kind), delivery="d"
        )
        title = show(samples.view((event,))).card["body"][1]["text"]
        assert "loan-screening" in title


def test_no_figure_is_ever_nan() -> None:
    """
    A bare NaN is not JSON: the whole message is refused. Nor is it "no drift".
    """
    for value in (math.nan, math.inf, -math.inf):
        for rendered in tainted.cards("feature", value).values():
            text = json.dumps(rendered.card, allow_nan=False)
            assert "nan" not in text.lower()


def test_too_little_data_is_never_an_all_clear() -> None:
    """
    Silence of the engine must not read as health of the model.
    """
    for name in ("firing-too-little-data", "evidence-too-little-data"):
        words = reading.shown(CARDS[name]().card).lower()
        assert "not an all-clear" in words
        assert "no drift" not in words
        assert "good" not in {
            e.get("style") for e in reading.elements(CARDS[name]().card)
        }


def test_who_is_mentioned() -> None:
    """
    The owner when it fires, the requester while a decision waits; an edit, nobody.
    """
    for name in samples.HISTORIES:
        rendered = CARDS[name]()
        stage = samples.view(name).stage
        entities = rendered.card["msteams"].get("entities", [])
        wanted = {"firing": ["Priya Raman"], "approval": ["Jonas Weber"]}.get(stage, [])
        assert wanted == [e["mentioned"]["name"] for e in entities]
        tags = [s for s in reading.strings(rendered.card["body"]) if "<at>" in s]
        assert len(wanted) == len(tags)


def test_only_an_approver_is_offered_the_decision() -> None:
    """
    A button that would be refused is a promise that the card cannot keep.
    """
    offers = {
        viewer.name: [
            a["title"]
            for a in show(samples.view("approval", viewer=viewer)).card["actions"][:-2]
        ]
        for viewer in (samples.PRIYA, samples.MEI, samples.JONAS, samples.OMAR)
    }

    assert offers == {
        "Priya Raman": ["Approve rollback", "Reject"],
        "Mei Chen": ["Approve rollback", "Reject"],
        "Jonas Weber": ["Reject"],  # who asked may take it back
        "Omar Haddad": [],
    }


def test_stages_follow_the_history() -> None:
    """
    One message has to show the next thing to know, whatever happened in which order.
    """
    stages = {name: samples.view(name).stage for name in samples.HISTORIES}

    assert stages["rejected"] == stages["expired"] == stages["asked"] == "acknowledged"
    assert stages["impossible"] == "firing"
    assert stages["approval"] == "approval"
    assert stages["working"] == "working"
    assert stages["interrupted"] == "working"
    assert stages["rolled-back"] == stages["not-known"] == "outcome"
    assert stages["resolved"] == stages["resolved-alone"] == "resolved"


def test_a_new_firing_after_the_end_is_a_firing() -> None:
    """
    The outcome of the last time must not hide that it fires again.
    """
    again = AlertReceived(
        at=samples.after(300),
        alert=samples.alert(starts_at=samples.after(300)),
        delivery="d-3",
    )
    history = (*samples.HISTORIES["resolved"], again)

    assert samples.view(history).stage == "acknowledged"


def test_a_request_that_waits_is_shown_though_the_alert_resolved() -> None:
    """
    Somebody still has to decide it; a green card would hide the question.
    """
    over = AlertReceived(
        at=samples.after(20),
        alert=samples.alert(status="resolved", ends_at=samples.after(20)),
        delivery="d-2",
    )
    waiting = samples.view((*samples.HISTORIES["approval"], over))
    too_late = samples.view((*samples.HISTORIES["approval"], samples.resolved))

    assert ("approval", "resolved") == (waiting.stage, too_late.stage)


@given(text=st.text(max_size=40).map(lambda t: t * 30), figure=st.floats() | st.none())
@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_no_input_makes_a_card_too_big(text: str, figure: float | None) -> None:
    """
    A card over the limit is refused as a whole, just when there is much to say.
    """
    for name, rendered in tainted.cards(text, figure).items():
        size = len(json.dumps(rendered.card, allow_nan=False))
        assert size < LIMIT, (name, size)


PASTS = {**samples.HISTORIES, **MORE}
EVENTS = tuple({id(e): e for events in PASTS.values() for e in events}.values())


@given(st.lists(st.sampled_from(EVENTS), min_size=1, max_size=12))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_order_of_events_has_a_card(history: list[Event]) -> None:
    """
    Alerts arrive twice and out of order; the one message must survive all of it.
    """
    view = samples.view(tuple(history))
    for rendered in (show(view), evidence.render(view), parked.render(view)):
        assert len(json.dumps(rendered.card, allow_nan=False)) < LIMIT
        assert len(rendered.card.get("actions", [])) <= 5
        assert rendered.summary.endswith(("A-42", "R-7", "R-8"))


def test_the_biggest_text_still_fits() -> None:
    """
    Each emoji is twelve bytes of JSON; names and reasons of nothing else are the worst.
    """
    for name, rendered in tainted.cards("\U0001f6a8" * 2_000).items():
        size = len(json.dumps(rendered.card))
        assert size < LIMIT, (name, size)


def test_a_band_is_what_the_state_says() -> None:
    """
    Colour repeats the word: the word alone has to do.
    """
    shown = reading.shown(band("Firing", "attention", "Sev 2", "A-1").model_dump())

    assert shown.split("\n") == ["Firing", "Sev 2", "A-1"]


def test_an_unconfirmed_move_is_not_called_a_failure() -> None:
    """
    "Not rolled back" would be a lie when Azure may have moved the traffic.
    """
    band_of = {
        name: CARDS[name]().card["body"][0]["items"][0]["columns"][0]["items"][0][
            "text"
        ]
        for name in ("not-rolled-back", "not-known", "moved-after-all", "rolled-back")
    }

    assert band_of == {
        "not-rolled-back": "Not rolled back",
        "not-known": "Not confirmed",
        "moved-after-all": "Not confirmed",
        "rolled-back": "Rolled back",
    }


def test_the_thread_is_told_in_one_plain_line() -> None:
    """
    An edited card notifies nobody; the line has to say what was done, and by whom.
    """
    told = {
        event: replies.line(samples.view(name), samples.HISTORIES[name][-1])
        for event, name in (
            ("taken", "acknowledged"),
            ("asked", "approval"),
            ("approved", "working"),
            ("rejected", "rejected"),
            ("expired", "expired"),
            ("moved", "rolled-back"),
            ("failed", "not-rolled-back"),
            ("lost", "not-known"),
            ("none", "impossible"),
        )
    }

    assert all("{{" not in line and "\n" not in line for line in told.values())
    assert told["taken"].startswith("Jonas Weber acknowledged A-42: Looks like")
    assert "Who can approve until 09:24 UTC: Priya Raman, Mei Chen." in told["asked"]
    assert "Mei Chen rejected R-7" in told["rejected"]
    assert "Nothing was changed" in told["expired"]
    assert told["failed"].endswith("Traffic now: blue 80%, green 20%.")
    assert told["lost"].startswith("Not confirmed (R-7)")
    assert "green does not exist any more." in told["none"]


def test_the_first_of_two_approvals_moves_nothing_and_says_so() -> None:
    asked = replace(samples.requested, approvals_needed=2)
    first = samples.approved
    second = replace(first, at=samples.after(15), by=samples.PRIYA, person="Priya")
    history = (*samples.HISTORIES["approval"][:-1], asked, first, second)
    view = samples.view(history)

    assert "1 of 2 approvals; nothing is moved" in replies.line(view, first)
    assert "is moved now" in replies.line(view, second)
    alone = samples.view(samples.HISTORIES["approval"])
    assert "is moved now" in replies.line(alone, first)


def test_the_thread_is_told_of_every_turn_of_a_rollback() -> None:
    """
    Who is told nothing looks for it in Azure, or asks again.
    """
    said = {n: replies.line(samples.view(e), e[-1]) for n, e in MORE.items()}
    quiet = {"undecided", "retraining-and-rollback"}

    assert not {n for n, line in said.items() if "was updated" in line} - quiet
    assert "Undone: loan-screening now serves blue 90%" in said["undone"]
    assert "Jonas Weber withdrew R-7" in said["withdrawn"]
    assert "Nothing was changed; ask again" in said["stale"]
    assert "serves worse: errors 3.4%" in said["afterwards-worse"]
    assert "Who can approve until 09:35 UTC: Mei Chen." in said["retraining"]
    assert "until somebody deploys it" in said["retraining-complete"]


def test_of_an_interrupted_move_nothing_is_said_that_nobody_knows() -> None:
    """
    Neither that Azure moves the traffic, nor that it does not; given up or not.
    """
    history = samples.HISTORIES["interrupted"]
    lost = replace(samples.parked, at=samples.after(20), effect="ShiftTraffic")
    cards = {
        "Interrupted": show(samples.view(history)),
        "Not confirmed": show(samples.view((*history, lost))),
    }

    for state, shown in cards.items():
        assert shown.summary.startswith(f"{state}: ")
        assert "is not known yet" in shown.card["body"][1]["text"]
        assert "Azure is moving" not in str(shown.card)
        assert "The traffic was not moved" not in str(shown.card)
    told = replies.line(samples.view("interrupted"), history[-1])
    assert "whether Azure heard of it is not known yet" in told


def test_only_what_is_true_is_said_of_a_retraining() -> None:
    """
    Trained is not deployed, and approved is not submitted.
    """
    shown = {n: str(show(samples.view(e)).card) for n, e in MORE.items()}

    assert "No job was submitted" in shown["retraining-rejected"]
    assert "No job was submitted" in shown["retraining-expired"]
    assert "nothing was submitted" in shown["retraining-not-submitted"]
    assert "serves nothing until somebody deploys it" in shown["retraining-complete"]
    assert "Approve retraining" not in shown["retraining-running"]
    assert "Approve retraining" not in shown["retraining-and-rollback"]


def test_a_card_does_not_say_of_itself_that_it_is_not_posted() -> None:
    """
    It was late, somebody was told elsewhere; whoever reads it has it before them.
    """
    late = EffectParked(
        at=samples.after(16), effect="ShowCard", reason="Teams failed.", for_good=False
    )

    shown = show(samples.view((*samples.HISTORIES["firing"], late)))

    assert show(samples.view("firing")).card["body"] == shown.card["body"]


SILENT = {
    silence.MONITOR: "The monitor of loan-screening does not run as planned",
    silence.TRAFFIC: "No requests reach loan-screening",
    COLLECTION: "Collected data of loan-screening gets lost",
    silence.DELIVERY: "Azure's alerts about loan-screening do not reach us",
    silence.EVENTS: "Azure ML's events about loan-screening do not reach us",
}


@pytest.mark.parametrize("rule", silence.SEVERITY)
def test_a_silence_is_titled_by_what_is_silent(rule: str) -> None:
    """
    Missing traffic calls for another person than a monitor that is switched off.
    """
    told = samples.of_kind("silence")
    alert = replace(told.alert, source="own", rule=rule)
    view = samples.view((replace(told, alert=alert),))

    assert SILENT[rule] == headline(view)
    assert SILENT[rule] in json.dumps(show(view).card)


def test_a_deleted_subscription_is_titled_by_the_events_it_brought() -> None:
    told = samples.of_kind("silence")
    alert = replace(told.alert, source="subscription_deleted", rule="drift")

    assert SILENT[silence.EVENTS] == headline(
        samples.view((replace(told, alert=alert),))
    )


def test_an_alert_on_the_inputs_counts_no_prediction_among_them() -> None:
    """
    The sentence above says "6 of 22 features"; a tile of 23 would be another truth.
    """
    view = samples.view("firing")
    found = findings.report(view.incident)
    assert found is not None
    last = found.results[-1].feature
    own = replace(
        view, endpoint=view.endpoint.model_copy(update={"predictions": (last.upper(),)})
    )
    every = len({r.feature for r in found.results})

    shown, less = (json.dumps(show(v).card) for v in (view, own))
    assert f"of {every} features (limit" in shown
    assert f"of {every - 1} features (limit" in less
    assert f'"of {every - 1}"' in less
    alone = findings.ranking(found, [r.feature for r in found.results])
    assert alone == findings.ranking(found)


def test_a_feature_that_nobody_compared_is_met_with_what_there_is() -> None:
    """
    Eight of 22 names after "There is:" were taken for all of them.
    """
    report = samples.report()
    first, names = report.results[0], [f"f{n}" for n in range(20)]
    many = replace(report, results=tuple(replace(first, feature=n) for n in names))

    slip = json.dumps(samples.drifted(report, first.feature[1:].upper()).card)
    other = json.dumps(samples.drifted(many, "wholly else").card)

    assert f'Did you mean \\"{first.feature}\\"?' in slip
    assert "There is: f0, f1, f2, f3, f4, f5, f6, f7 and 12 more." in other


@pytest.mark.parametrize(
    ("report", "style"),
    [
        (serving(past=None), "good"),
        (serving(p95=612.0, past=None), "attention"),
        (serving(rpm=0.0), "attention"),
        (serving(rpm=0.2, past=None), "warning"),
    ],
)
def test_no_open_alert_is_green_only_where_all_is_well(
    report: Report, style: str
) -> None:
    """
    Without an alert an endpoint may be slow all the same, or nobody may know.
    """
    view = samples.view("firing")
    state = samples.state(view.now, samples.SPLIT)

    shown = status.render(
        view.endpoint, view.links, view.now, state=state, report=report
    )

    assert style == shown.card["body"][0]["style"]
    assert "How it serves: " in shown.card["body"][3]["inlines"][0]["text"]


def test_what_the_tiles_say_is_not_said_again() -> None:
    """
    The same figure in a sentence, a tile, a chart and two tables hid what was new.
    """
    shown = json.dumps(CARDS["firing-latency"]().card)

    assert "Azure measured the same." in shown
    assert "What we measured" not in shown
    assert "What Azure measured" in json.dumps(CARDS["firing-latency-calm"]().card)


def test_money_has_its_currency_wherever_it_stands() -> None:
    tiles = json.dumps(CARDS["firing-cost"]().card)

    assert '"EUR/day"' in tiles
    assert '"EUR/1k"' in tiles


def test_a_move_that_made_it_worse_says_so_before_its_figures() -> None:
    """
    A green card whose bad news is below three charts was read as good news.
    """
    body = CARDS["afterwards-worse"]().card["body"]
    places = [n for n, e in enumerate(body) if "Worse than before" in json.dumps(e)]

    assert "warning" == body[0]["style"]
    assert places[0] < next(n for n, e in enumerate(body) if e["type"] == "Table")


def test_traffic_that_has_changed_since_says_when_it_was_so() -> None:
    """
    Beside "the traffic is blue 50% by now" it read as what is served.
    """
    assert "blue 90%, green 10%, at {{TIME" in json.dumps(CARDS["stale"]().card)


def test_a_refusal_says_once_that_nothing_was_changed() -> None:
    shown = error.render("One command a message, please. Nothing was changed.")

    assert 1 == json.dumps(shown.card).count("Nothing was changed")
    assert 1 == shown.text.count("Nothing was changed")


def test_the_thread_makes_no_link_of_what_somebody_wrote() -> None:
    """
    A reply is plain text, of which clients make links by themselves.
    """
    view = samples.view("firing")
    note = Noted(
        at=samples.FIRED, by=samples.PRIYA, text="https://evil.example/p www.x.y"
    )

    assert "https: //evil.example/p www. x.y" in replies.line(view, note)


def test_a_dialog_is_not_filled_with_more_than_it_takes() -> None:
    """
    What a changed client sends would come back whole: a card of half a megabyte.
    """
    sent = {"until": "x" * 5_000, "reason": "y" * 600_000}

    shown = dialogs.again(dialogs.snooze(samples.view("firing")), sent, "Until when?")
    assert len(json.dumps(shown.card)) < 3_000
