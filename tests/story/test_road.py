"""The main job, as a person lives it: from an alert to a rollback that is done."""

from tests.story.conftest import Demo
from tests.story.remote import Remote, until


async def test_from_the_alert_to_the_rollback(loan: Demo) -> None:
    """
    A rate rise changes who applies for loans; version 14 has never seen such people.
    """
    team = await loan.start()

    # A few seconds later Azure's monitor fires, and one card tells what really changed.
    [card] = await until("one card with figures", team.cards, _has_figures)
    assert "drifted on loan-prescreening" in card["card"]["fallbackText"]

    # Priya owns the model: she says that she is on it, and looks at the evidence.
    await team.click("priya", "Acknowledge")
    await until("the thread to be told", team.said, lambda s: "Priya Raman ack" in s)
    evidence = await team.click("priya", "Evidence")
    assert "interest_rate" in str(evidence["task"]["value"]["card"])

    # Jonas asks to go back, and may not approve it himself; nor may Ana, who only reads.
    await team.click("jonas", "Request rollback", reason="Rates rose; 13 copes.")
    await until("the request to be shown", team.cards, _approval_needed)
    for person in ("jonas", "ana"):
        refusal = await team.click(person, "Approve rollback")
        assert "You cannot decide R-1" in refusal["value"]
    assert {"blue": 90, "green": 10} == await team.traffic()

    # Mei approves. Traffic moves, is read back, and the same card tells the outcome.
    await team.click("mei", "Approve rollback")
    await until("the outcome on the card", team.cards, _rolled_back)
    assert {"green": 100} == await team.traffic()
    assert "Rolled back" in await until("the thread", team.said, _told)

    await _nothing_was_doubled(team)
    page = await team.session.get(f"{team.bot}/evidence/A-1")
    assert "Rollback R-1" in await page.text()
    assert 0 == await loan.stop()


async def test_the_road_survives_a_kill_between_any_two_steps(loan: Demo) -> None:
    """
    The machine may go at any moment; people see one card, and nothing is lost.
    """
    team = await loan.start()
    await until("the alert to be kept", team.incident, lambda i: "history" in i)
    await _killed(loan)

    await until("one card with figures", team.cards, _has_figures)
    await _killed(loan)

    await team.click("priya", "Acknowledge")
    await _killed(loan)
    await until("the thread to be told", team.said, lambda s: "Priya Raman ack" in s)

    await team.click("jonas", "Request rollback", reason="Rates rose; 13 copes.")
    await _killed(loan)
    await until("the request to be shown", team.cards, _approval_needed)
    await _killed(loan)

    await team.click("mei", "Approve rollback")
    await _killed(loan)
    await until("the outcome on the card", team.cards, _ended)

    await _nothing_was_doubled(team)
    assert 1 == await team.happened("Acknowledged")
    assert 1 == await team.happened("RollbackApproved")
    outcome = await team.happened("TrafficShifted") + await team.happened("ShiftFailed")
    assert 1 == outcome


async def test_a_second_start_goes_on_where_the_first_was(loan: Demo) -> None:
    team = await loan.start()
    await until("one card with figures", team.cards, _has_figures)
    await loan.stop()
    before = await _after_start(loan)

    await team.say("priya", "ack 1 back after the weekend")
    await until("the thread to be told", team.said, lambda s: "weekend" in s)

    assert [c["id"] for c in before] == [c["id"] for c in await team.cards()]


async def _after_start(demo: Demo) -> list[dict[str, object]]:
    team = await demo.start()
    return await team.cards()


async def _killed(demo: Demo) -> None:
    await demo.kill()
    await demo.start()


async def _nothing_was_doubled(team: Remote) -> None:
    assert 1 == len(await team.cards())
    replies = [a["text"] for a in await team.activities() if a["replyToId"]]
    assert len(replies) == len(set(replies))
    assert 1 >= len(await team.puts())


def _shows(cards: list[dict[str, dict[str, str]]], words: str) -> bool:
    return len(cards) == 1 and words in cards[0]["card"]["fallbackText"]


def _has_figures(cards: list[dict[str, dict[str, str]]]) -> bool:
    return _shows(cards, "Input data has drifted")


def _approval_needed(cards: list[dict[str, dict[str, str]]]) -> bool:
    return _shows(cards, "Approval needed")


def _rolled_back(cards: list[dict[str, dict[str, str]]]) -> bool:
    return _shows(cards, "Rolled back")


def _ended(cards: list[dict[str, dict[str, str]]]) -> bool:
    return _rolled_back(cards) or _shows(cards, "Not rolled back")


def _told(said: str) -> bool:
    return "Rolled back" in said
