"""The road once more, with a person's hands: clicks on the page in a real Chromium."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser import Window, browser, window
from tests.story.conftest import Demo

__all__ = ["browser", "window"]
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
SLOW = 60_000  # milliseconds: the machine has other work


@pytest_asyncio.fixture(loop_scope="session")
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    demo = Demo(tmp_path, "loan")
    yield demo
    await demo.close()


async def test_two_people_roll_a_model_back_by_clicking(
    demo: Demo, window: Window
) -> None:
    """
    Two windows are open on two desks; both see every change without a reload.
    """
    team = await demo.start()
    priya = await window(f"{team.cloud}/?as=priya")
    mei = await window(f"{team.cloud}/?as=mei", color_scheme="dark")
    await _both_see("Input data has drifted on loan-prescreening", priya, mei)

    await priya.get_by_role("button", name="Evidence").first.click()
    dialog = priya.get_by_role("dialog")
    await expect(dialog).to_contain_text("What the alert on", timeout=SLOW)
    await expect(dialog).to_contain_text("interest_rate")
    await priya.keyboard.press("Escape")

    await priya.get_by_role("button", name="Acknowledge").first.click()
    await _both_see("Priya Raman acknowledged A-1.", priya, mei)

    await priya.get_by_role("button", name="Request rollback").first.click()
    await priya.get_by_label("Reason").first.fill("Rates rose; version 13 copes.")
    await priya.get_by_role("button", name="Send request").first.click()
    await _both_see("Approval needed", priya, mei)

    await mei.get_by_role("button", name="Approve rollback").first.click()
    await _both_see("Rolled back", priya, mei)
    assert {"green": 100} == await team.traffic()
    assert 1 == len(await team.cards())


async def test_a_person_types_to_the_bot(demo: Demo, window: Window) -> None:
    team = await demo.start()
    tab = await window(f"{team.cloud}/?as=jonas")
    await _both_see("Input data has drifted", tab)

    box = tab.get_by_role("textbox").last
    await box.fill("@Watchkeeper help")
    await box.press("Enter")

    await _both_see("What you can ask", tab)
    assert "What you can ask" in str(await team.activities())


async def _both_see(words: str, *tabs: Page) -> None:
    for tab in tabs:
        place = tab.locator("#posts").get_by_text(words).first
        await expect(place).to_be_visible(timeout=SLOW)
