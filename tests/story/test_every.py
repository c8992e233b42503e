"""Each button and each command once, by two people in two browsers, without a reload."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.commands import commands
from tests.browser import Window, browser, window
from tests.story.conftest import Demo

__all__ = ["browser", "window"]
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
SLOW = 90_000  # milliseconds: the machine has other work
# What is typed, in this order, and what both read then. {R} is filled in by the test.
TYPED = (
    ("help", "What you can ask"),
    ("help snooze", "lets it sleep"),
    ("alerts", "1 open alert"),
    ("status loan-prescreening", "1 open alert on loan-prescreening"),
    ("show 1", "Input data has drifted"),
    ("evidence 1", "What the alert on loan-prescreening rests on"),
    ("drift loan-prescreening interest_rate", "Drift, on request"),
    ("health loan-prescreening 2h", "How loan-prescreening has served"),
    ("owner loan-prescreening", "Priya Raman owns loan-prescreening"),
    ("access loan-prescreening", "role assignments reach loan-prescreening"),
    ("digest", "Daily digest"),
    ("ack 1 on it", "Priya Raman acknowledged A-1: on it"),
    ("note 1 the vendor is informed", "the vendor is informed"),
    ("assign 1 Jonas Weber", "Priya Raman assigned A-1 to Jonas Weber."),
    ("snooze 1 2h feed is late", "Priya Raman snoozed A-1 until"),
    ("unack 1", "Priya Raman gave A-1 back"),
    ("decide 1 accept known season", "Priya Raman decided on A-1: accept"),
    ("rollback 1 rates rose --dry-run", "Dry run"),
    ("rollback 1 rates rose", "asks to move loan-prescreening to green (R-1)"),
    ("approvals", "1 request to decide"),
    ("withdraw R-1 not now", "withdrew R-1"),
    ("ackk 1", 'Did you mean "ack"?'),
)


@pytest_asyncio.fixture(loop_scope="session")
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    demo = Demo(tmp_path, "loan")
    yield demo
    await demo.close()


async def test_each_command_is_answered_for_both(demo: Demo, window: Window) -> None:
    team = await demo.start()
    priya = await window(f"{team.cloud}/?as=priya")
    mei = await window(f"{team.cloud}/?as=mei", color_scheme="dark")
    await _both_see("Input data has drifted on loan-prescreening", priya, mei)

    for typed, answer in TYPED:
        await _type(priya, typed)
        await _both_see(answer, priya, mei)
    assert 1 == len(await team.cards())


async def test_each_button_changes_what_both_see(demo: Demo, window: Window) -> None:
    team = await demo.start()
    priya = await window(f"{team.cloud}/?as=priya")
    mei = await window(f"{team.cloud}/?as=mei")
    await _both_see("Input data has drifted on loan-prescreening", priya, mei)

    await _press(priya, "Snooze")
    dialog = priya.get_by_role("dialog")
    await dialog.get_by_label("Why").fill("partner feed is late")
    await dialog.get_by_role("button", name="Snooze").click()
    await _both_see("Priya Raman snoozed it", priya, mei)

    await _press(mei, "End snooze")
    await _both_see("Mei Chen gave A-1 back", priya, mei)

    await _press(priya, "Acknowledge")
    await _both_see("Priya Raman acknowledged A-1.", priya, mei)

    await _press(mei, "Assign")
    dialog = mei.get_by_role("dialog")
    await expect(dialog).to_contain_text("Who is to look at it", timeout=SLOW)
    await mei.keyboard.press("Escape")

    await _ask(priya, "Request rollback", "Reason", "rates rose", "Send request")
    await _both_see("Approval needed", priya, mei)
    await _ask(mei, "Reject", "Why not", "green is too old", "Reject rollback")
    await _both_see("Mei Chen rejected R-1", priya, mei)

    await _ask(priya, "Request rollback", "Reason", "green is fine", "Send request")
    await _both_see("(R-2)", priya, mei)
    await _press(mei, "Approve rollback")
    await _both_see("Rolled back: loan-prescreening now serves", priya, mei)
    assert {"green": 100} == await team.traffic()

    await _type(priya, "undo R-2 blue is mended")
    await _both_see("(R-3)", priya, mei)
    assert 1 == len(await team.cards())


async def test_the_list_above_has_each_command() -> None:
    """
    A new command has to be typed here as well; those left out have a road of their own.
    """
    elsewhere = {"approve", "reject", "undo", "lock", "unlock"}
    typed = {text.split()[0] for text, _ in TYPED}
    younger = {v for v in commands() if "silence" in v or "retrain" in v}

    assert set() == set(commands()) - typed - elsewhere - younger


async def _type(tab: Page, text: str) -> None:
    box = tab.get_by_role("textbox").last
    await box.fill(f"@Watchkeeper {text}")
    await box.press("Enter")


async def _press(tab: Page, name: str) -> None:
    await tab.get_by_role("button", name=name).first.click(timeout=SLOW)


async def _ask(tab: Page, name: str, label: str, reason: str, send: str) -> None:
    """Open a question on the card, fill it in and send it."""
    await _press(tab, name)
    await tab.get_by_label(label).first.fill(reason)
    await _press(tab, send)


async def _both_see(words: str, *tabs: Page) -> None:
    for tab in tabs:
        place = tab.locator("#posts").get_by_text(words).first
        await expect(place).to_be_visible(timeout=SLOW)
