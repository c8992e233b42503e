"""The channel: what people do on the page, and what they see of each other."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.browser import Window
from tests.page.conftest import Served
from tests.page.stand_in import ALERTS, CHATS, PLATFORM, card

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_click_shows_that_it_is_under_way(
    channel: Served, window: Window
) -> None:
    """
    Without it people press again, and a second press is a second request.
    """
    alert = channel.stand_in.post(card=card("1-alert-firing"))
    channel.stand_in.gate.clear()
    tab = await window(f"{channel.address}/?as=mei")
    button = tab.get_by_role("button", name="Acknowledge")

    await button.click()
    await expect(button).to_be_disabled()
    await expect(button).to_have_attribute("aria-busy", "true")
    channel.stand_in.gate.set()

    await expect(tab.locator(".card")).to_contain_text("Acknowledged")
    press = {"person": "mei", "activity": alert, "title": "Acknowledge"}
    assert [press] == channel.stand_in.clicks


async def test_an_edit_shows_without_a_reload(channel: Served, window: Window) -> None:
    """
    One card an incident: it must be true while somebody looks at it.
    """
    alert = channel.stand_in.post(card=card("1-alert-firing"))
    tab = await window(channel.address)
    await expect(tab.locator(".card")).to_contain_text("Firing")
    await expect(tab.get_by_text("Edited")).to_be_hidden()

    channel.stand_in.edit(alert, card=card("3-alert-resolved"))

    await expect(tab.locator(".card")).to_contain_text("Resolved")
    await expect(tab.locator(".card")).to_have_count(1)
    await expect(tab.locator(".edited")).to_be_visible()
    await expect(tab.locator("#live")).to_contain_text("Watchkeeper, edited: ")
    channel.stand_in.edit(alert, deleted=True)
    await expect(tab.locator(".post")).to_contain_text("has been deleted")


async def test_two_people_see_the_same(channel: Served, window: Window) -> None:
    """
    An approval takes two people, and each has a window.
    """
    alert = channel.stand_in.post(card=card("1-alert-firing"))
    jonas = await window(f"{channel.address}/?as=jonas")
    mei = await window(f"{channel.address}/?as=mei")

    await jonas.get_by_role("button", name="Acknowledge").click()
    await expect(mei.locator(".card")).to_contain_text("Acknowledged")
    await mei.get_by_role("button", name="Reply").click()
    await mei.get_by_role("textbox", name="Reply").fill("Thank you")
    await mei.keyboard.press("Enter")

    reply = jonas.locator(f"[data-thread='{alert}'] .replies .post")
    await expect(reply).to_contain_text("Mei Chen")
    await expect(reply).to_contain_text("Thank you")
    said = {"conversation": ALERTS, "text": "Thank you", "mention": False}
    assert [{"person": "mei", **said, "reply_to": alert}] == channel.stand_in.said


async def test_the_bot_is_mentioned_from_the_keyboard(
    channel: Served, window: Window
) -> None:
    """
    In a channel the bot hears only what mentions it.
    """
    tab = await window(f"{channel.address}/?as=priya")
    box = tab.get_by_role("textbox", name="Write in model-alerts")
    await box.click()
    await tab.keyboard.type("@wat")
    await expect(tab.get_by_role("option", name="Watchkeeper Bot")).to_be_visible()
    await tab.keyboard.press("Enter")
    await tab.keyboard.type("help")
    await tab.keyboard.press("Enter")

    await expect(tab.locator(".card")).to_contain_text("What you can ask")
    await expect(box).to_have_text("")
    await tab.keyboard.type("@Watchkeeper ask @mei")
    await tab.keyboard.press("ArrowDown")
    await tab.keyboard.press("Tab")
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".thread")).to_have_count(2)
    mentions = tab.locator(".thread").last.locator(".mention")
    await expect(mentions).to_have_text(["Watchkeeper", "Mei Chen"])
    texts = [(said["text"], said["mention"]) for said in channel.stand_in.said]
    assert [("help", True), ("ask @Mei Chen", True)] == texts


async def test_a_dialog_asks_checks_and_sends(channel: Served, window: Window) -> None:
    """
    The reason is what the approver decides on; an empty one must not get out.
    """
    alert = channel.stand_in.post(card=card("1-alert-firing"))
    tab = await window(f"{channel.address}/?as=jonas")
    await tab.get_by_role("button", name="Request rollback").click()
    dialog = tab.get_by_role("dialog", name="Request a rollback")
    reason = dialog.get_by_label("Reason, shown to the approvers")
    send = dialog.get_by_role("button", name="Ask for approval")

    await reason.fill("short")
    await send.click()
    await expect(dialog).to_contain_text("Give a reason of at least 10 characters.")
    await reason.fill("nobody asked before")
    await send.click()
    await expect(dialog.get_by_role("alert")).to_have_text(
        "Somebody has asked already."
    )
    await expect(reason).to_have_value("nobody asked before")
    await reason.fill("the partner feed is broken")
    await send.click()

    await expect(dialog).to_be_hidden()
    note = tab.locator(f"[data-activity='{alert}']").get_by_role("status")
    await expect(note).to_have_text("R-118 waits for an approver.")
    await expect(tab.locator(".card")).to_have_count(2)
    last = channel.stand_in.clicks[-1]
    inputs = {"target": "green", "reason": "the partner feed is broken", "ttl": "60"}
    assert (alert, inputs) == (last["activity"], last["inputs"])
    assert card("9-dialog-request") == last["dialog"]


async def test_a_refusal_stands_under_the_card(channel: Served, window: Window) -> None:
    """
    The sentence says who can do the next step; the card stays as it is.
    """
    channel.stand_in.post(card=card("5-rollback-request"))
    tab = await window(f"{channel.address}/?as=jonas")

    await tab.get_by_role("button", name="Approve rollback").click()

    note = tab.locator(".post").get_by_role("status")
    await expect(note).to_contain_text("You asked for this rollback")
    await expect(tab.locator(".card")).to_contain_text("Approval needed")
    await expect(tab.get_by_role("button", name="Approve rollback")).to_be_enabled()
    await note.get_by_role("button", name="Dismiss").click()
    await expect(note).to_be_empty()


async def test_another_person_can_be_taken(channel: Served, window: Window) -> None:
    """
    Whoever asked must not approve, so one newcomer has to be two people.
    """
    channel.stand_in.post(card=card("5-rollback-request"))
    tab = await window(f"{channel.address}/?as=jonas")

    await tab.get_by_role("button", name="You are Jonas Weber").click()
    olga = tab.get_by_role("menuitemradio", name="Olga Petrova")
    await expect(olga).to_be_disabled()  # not in this channel
    await tab.keyboard.press("ArrowDown")
    await tab.keyboard.press("Enter")
    await tab.get_by_role("button", name="Approve rollback").click()

    await expect(tab.locator(".card")).to_contain_text("Rolled back")
    await expect(tab.locator(".post").get_by_role("status")).to_have_text("Approved.")
    assert ["mei"] == [press["person"] for press in channel.stand_in.clicks]

    await tab.get_by_role("button", name="You are Mei Chen").click()
    await tab.keyboard.press("ArrowUp")
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".post").get_by_role("status")).to_be_empty()  # was Mei's


async def test_everybody_has_a_chat_of_her_own(channel: Served, window: Window) -> None:
    """
    What the bot says in a personal chat is for one person only.
    """
    channel.stand_in.post(text="For Priya", conversation=CHATS["priya"])
    channel.stand_in.post(text="For Jonas", conversation=CHATS["jonas"])
    tab = await window(f"{channel.address}/?as=priya")
    await tab.get_by_role("button", name="Watchkeeper", exact=True).click()
    await expect(tab.locator(".post")).to_contain_text("For Priya")

    await tab.get_by_role("button", name="You are Priya Raman").click()
    await tab.get_by_role("menuitemradio", name="Jonas Weber").click()

    await expect(tab.locator(".post")).to_contain_text("For Jonas")


async def test_a_card_in_the_card_needs_its_inputs(
    channel: Served, window: Window
) -> None:
    """
    Snoozing without a reason leaves the next one on call without a clue.
    """
    channel.stand_in.post(card=card("1-alert-firing"))
    tab = await window(channel.address)
    await tab.get_by_role("button", name="Snooze").click()

    await tab.get_by_role("button", name="Snooze alert").click()
    await expect(tab.locator(".card")).to_contain_text("Say why in a few words.")
    assert [] == channel.stand_in.clicks
    await tab.get_by_label("Why").fill("Known feed problem")
    await tab.get_by_role("button", name="Snooze alert").click()

    await expect(tab.get_by_text("Snoozed for 4 hours.")).to_be_visible()
    inputs = {"hours": "4", "why": "Known feed problem"}
    assert [inputs] == [press["inputs"] for press in channel.stand_in.clicks]


async def test_more_buttons_wait_in_a_menu(channel: Served, window: Window) -> None:
    """
    Teams shows six buttons; the seventh and the secondary ones are behind three dots.
    """
    execute = {"type": "Action.Execute", "verb": "x"}
    actions = [{**execute, "title": f"Button {n}"} for n in range(1, 3)]
    actions.append({**execute, "title": "Later", "mode": "secondary"})
    shown = {"type": "AdaptiveCard", "version": "1.5", "actions": actions}
    channel.stand_in.post(card=shown)
    tab = await window(channel.address)

    await expect(tab.get_by_text("Later", exact=True)).to_be_hidden()
    await tab.get_by_role("button", name="More options").click()
    await tab.get_by_role("menuitem", name="Later").click()

    await expect(tab.get_by_text("Later, then.")).to_be_visible()
    assert ["Later"] == [press["title"] for press in channel.stand_in.clicks]


async def test_a_link_opens_beside_the_page(channel: Served, window: Window) -> None:
    """
    The channel must stay where it is, and the other site must not reach it.
    """
    channel.stand_in.post(card=card("1-alert-firing"))
    tab = await window(channel.address)
    await tab.context.route("https://ml.azure.com/**", lambda route: route.abort())

    async with tab.context.expect_page() as opened:
        await tab.get_by_role("link", name="Open in Azure ML").click()

    beside = await opened.value
    assert await beside.evaluate("window.opener") is None
    assert tab.url.startswith(channel.address)


async def test_other_channels_say_that_something_is_new(
    channel: Served, window: Window
) -> None:
    """
    Endpoints report into different channels; nobody looks at all of them.
    """
    tab = await window(channel.address)
    await expect(tab.locator("#posts[aria-busy]")).to_have_count(0)
    other = tab.get_by_role("button", name="ml-platform")
    await expect(tab.locator(".empty")).to_have_text(
        "Nothing has been posted here yet."
    )
    await expect(other).not_to_contain_text("unread")

    channel.stand_in.post(text="Quota raised", conversation=PLATFORM)
    await expect(other).to_contain_text("unread")
    await other.click()

    await expect(tab.locator(".post")).to_contain_text("Quota raised")
    await expect(other).not_to_contain_text("unread")


async def test_a_page_that_still_loads_does_not_say_that_nothing_is_there(
    channel: Served, window: Window
) -> None:
    """
    The demo's first seconds: an empty channel and one that is not known yet differ.
    """
    tab = await window(channel.address)
    asked = asyncio.Event()

    async def late(route: Route) -> None:
        await asked.wait()
        await route.continue_()

    await tab.route("**/sim/activities*", late)
    await tab.reload()
    await expect(tab.locator("#channel-name")).to_have_text("model-alerts")
    await expect(tab.locator(".empty")).to_have_text("Loading\u2026")
    asked.set()

    await expect(tab.locator(".empty")).to_have_text(
        "Nothing has been posted here yet."
    )
