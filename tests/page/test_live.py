"""The page beside its server: restarts, and the side panel."""

import pytest
from playwright.async_api import expect

from tests.browser import Window, serve
from tests.page.conftest import Served
from tests.page.stand_in import StandIn, card

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_page_comes_back_with_its_server(window: Window) -> None:
    """
    The demo may be killed between any two steps; the window stays open.
    """
    stand_in = StandIn()
    runner, address = await serve(stand_in.app())
    port = int(address.rsplit(":", 1)[1])
    alert = stand_in.post(card=card("1-alert-firing"))
    tab = await window(address)
    await expect(tab.locator(".card")).to_contain_text("Firing")

    await runner.cleanup()
    await expect(tab.locator("#offline")).to_be_visible()
    stand_in.edit(alert, card=card("3-alert-resolved"))  # nobody was listening
    runner, _ = await serve(stand_in.app(), port)

    await expect(tab.locator(".card")).to_contain_text("Resolved", timeout=20_000)
    await expect(tab.locator("#offline")).to_be_hidden()
    stand_in.post(text="And live again")
    await expect(tab.get_by_text("And live again").first).to_be_visible()
    await runner.cleanup()


async def test_a_tall_card_is_read_from_its_first_line_on(
    channel: Served, window: Window
) -> None:
    """
    The band and the title say what it is about; the end is buttons alone.
    """
    tab = await window(channel.address)
    channel.stand_in.post(text="Good morning")

    channel.stand_in.post(card=card("1-alert-firing"))

    await expect(tab.get_by_role("button", name="Acknowledge")).to_be_attached()
    await expect(tab.get_by_text("Firing", exact=True)).to_be_in_viewport()


async def test_the_side_panel_says_what_to_press(window: Window) -> None:
    """
    A newcomer has a minute: what happened, what next, and what it does to Azure.
    """
    stand_in = StandIn()
    endpoints = [{"name": "loan", "traffic": {"blue": 90, "green": 10}}]
    hints = {"happened": "Rates went up.", "next": ["Press Acknowledge."]}
    azure = {"endpoints": endpoints}
    runner, address = await serve(stand_in.app(hints=hints, azure=azure))
    tab = await window(address)

    panel = tab.get_by_role("complementary", name="What is going on")
    await expect(panel).to_contain_text("Press Acknowledge.")
    await expect(panel.get_by_role("img")).to_have_accessible_name(
        "loan: blue 90%, green 10%"
    )
    await tab.get_by_role("button", name="What is going on").click()
    await expect(panel).to_be_hidden()
    await runner.cleanup()


async def test_without_hints_the_newest_card_says_what_to_press(
    channel: Served, window: Window
) -> None:
    """
    The panel must not promise a button that the card does not have.
    """
    tab = await window(channel.address)
    panel = tab.get_by_role("complementary", name="What is going on")
    await expect(panel).to_contain_text("Nothing has happened yet.")

    channel.stand_in.post(card=card("2-alert-acknowledged"))

    await expect(panel).to_contain_text("Somebody took the alert.")
    await expect(panel).to_contain_text("Request rollback")
