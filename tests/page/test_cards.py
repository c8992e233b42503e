"""Cards on the page: text, charts, themes, and what must never be drawn."""

import pytest
from playwright.async_api import Page, expect

from tests.browser import Window
from tests.page.conftest import Served
from tests.page.stand_in import Json, card

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def one(*body: Json, **more: object) -> Json:
    return {"type": "AdaptiveCard", "version": "1.5", "body": list(body), **more}


async def test_a_card_is_drawn_as_teams_does(channel: Served, window: Window) -> None:
    """
    The page is the only place to see a card without a Teams tenant.
    """
    channel.stand_in.post(card=card("1-alert-firing"))
    tab = await window(channel.address)

    drawn = tab.locator(".card")
    await expect(drawn).to_contain_text("Income features have drifted")
    await expect(drawn.locator(".mention")).to_have_text("Priya Raman")
    fired = drawn.locator("time").first
    await expect(fired).to_have_text("Mon, 23 Nov 2026")
    await expect(fired).to_have_attribute("title", "2026-11-23 08:14 UTC")
    await expect(drawn).to_contain_text("Mon, 23 Nov 2026 9:14")  # Berlin's clock
    buttons = ["Acknowledge", "Evidence", "Request rollback", "Snooze"]
    await expect(drawn.get_by_role("button")).to_have_text(buttons)
    await expect(drawn.get_by_role("link", name="Open in Azure ML")).to_be_visible()


async def test_a_wide_card_is_wide(channel: Served, window: Window) -> None:
    """
    `msteams.width` is ignored by the renderer; Teams does not ignore it.
    """
    channel.stand_in.post(card=card("5-rollback-request"))
    channel.stand_in.post(card=card("8-help"))
    tab = await window(channel.address, width=1500)

    await expect(tab.locator(".card")).to_have_count(2)
    widths = await tab.locator(".card").evaluate_all(
        "all => all.map(c => c.offsetWidth)"
    )
    assert [640, 460] == widths


CHARTS: list[Json] = [
    {
        "type": "Chart.HorizontalBar",
        "title": "rows",
        "displayMode": "PartToWhole",
        "data": [{"x": "a", "y": 1}, {"x": "b", "y": 2, "color": "sequentialRed3"}],
    },
    {
        "type": "Chart.HorizontalBar.Stacked",
        "title": "stacked",
        "data": [
            {"title": "a", "data": [{"legend": "x", "value": 3, "color": "good"}]}
        ],
    },
    {"type": "Chart.VerticalBar", "title": "columns", "data": [{"x": "a", "y": 0}]},
    {
        "type": "Chart.VerticalBar.Grouped",
        "title": "groups",
        "showBarValues": True,
        "data": [{"legend": "x", "values": [{"x": "a", "y": 2}]}, {"legend": "y"}],
    },
    {
        "type": "Chart.Line",
        "title": "line",
        "data": [{"legend": "x", "values": [{"x": 1, "y": 2}, {"x": 2, "y": None}]}],
    },
    {
        "type": "Chart.Donut",
        "title": "donut",
        "value": "42%",
        "data": [{"legend": "x", "value": 1}],
    },
    {
        "type": "Chart.Gauge",
        "title": "gauge",
        "value": 30,
        "max": 100,
        "segments": [{"legend": "low", "size": 50, "color": "good"}],
    },
]
FALLBACK = {"type": "TextBlock", "text": "in words"}


async def test_every_chart_of_teams_is_drawn(channel: Served, window: Window) -> None:
    """
    A chart is a picture, so its title has to say what it shows.
    """
    body = [chart | {"fallback": FALLBACK} for chart in CHARTS]
    channel.stand_in.post(card=one(*body))
    channel.stand_in.post(card=one({"type": "Chart.Line", "data": []}))
    tab = await window(channel.address)

    pictures = tab.locator(".card").first.locator("svg[role=img]")
    await expect(pictures).to_have_count(len(CHARTS))
    names = await pictures.evaluate_all("all => all.map(p => p.ariaLabel)")
    assert [chart["title"] for chart in CHARTS] == names
    marks = await pictures.evaluate_all("all => all.map(p => p.innerHTML)")
    assert not [mark for mark in marks if "NaN" in mark or "undefined" in mark]
    await expect(tab.locator(".card").last).to_contain_text("No data")


async def test_a_host_without_charts_shows_the_fallback(
    channel: Served, window: Window
) -> None:
    """
    Some Teams clients know no charts; the facts must reach them too.
    """
    unknown = {"type": "Nobody.Knows", "fallback": FALLBACK}
    channel.stand_in.post(card=card("1-alert-firing"))
    channel.stand_in.post(card=one(unknown))
    tab = await window(f"{channel.address}/?charts=off")

    await expect(tab.locator(".card").first).to_contain_text("0.42, over the limit")
    await expect(tab.locator(".card").last).to_have_text("in words")
    await expect(tab.locator(".card svg")).to_have_count(0)


HOSTILE = """<img src=x onerror="document.title='owned'"> <b>not bold</b>
[press](javascript:document.title='owned') [data](data:text/html,x)
[quote](https://a.example/"onmouseover="x) <at>Nobody</at> &lt;i&gt;
\ue000AT|<b>smuggled</b>\ue001 annual_income_total **bold** _italic_
- item with https://b.example/path."""


@pytest.mark.parametrize("kind", ["TextBlock", "FactSet", "message"])
async def test_foreign_text_never_becomes_markup(
    channel: Served, window: Window, kind: str
) -> None:
    """
    Alerts, reasons and names come from outside; one tag would own the page.
    """
    blocks: dict[str, Json] = {
        "TextBlock": {"type": "TextBlock", "text": HOSTILE, "wrap": True},
        "FactSet": {"type": "FactSet", "facts": [{"title": "t", "value": HOSTILE}]},
    }
    shown: Json = {"card": one(blocks[kind])} if kind in blocks else {"text": HOSTILE}
    channel.stand_in.post(**shown)
    tab = await window(channel.address)

    post = tab.locator(".post-content")
    await expect(post).to_contain_text("<b>not bold</b>")
    await expect(post).to_contain_text("<at>Nobody</at>")
    await expect(post).to_contain_text("annual_income_total")
    await expect(post.locator("img, b, i, script, .mention")).to_have_count(0)
    await expect(post.locator("strong")).to_have_text("bold")
    await expect(post.locator("em")).to_have_text("italic")
    links = await post.locator("a").evaluate_all("all => all.map(a => a.outerHTML)")
    assert all('rel="noopener noreferrer"' in link for link in links)
    assert not [
        link for link in links if "javascript" in link or 'onmouseover="' in link
    ]
    assert any('href="https://b.example/path"' in link for link in links)
    assert "owned" != await tab.title()


_FAINT = """() => {
  const parse = (color) => {
    const pen = document.createElement("canvas").getContext("2d");
    pen.fillStyle = color; pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const faint = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !node.checkVisibility()) continue;
    if (node.closest(":disabled, .unseen, title, option, noscript")) continue;
    const style = getComputedStyle(node);
    const color = parse(node instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [light(color), light(ground(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faint.push(`${walk.currentNode.data.trim()}: ${ratio.toFixed(2)}`);
  }
  return faint;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_all_text_can_be_read(
    channel: Served, window: Window, theme: str
) -> None:
    """
    4.5:1 is what WCAG asks of text, in each theme.
    """
    names = ("1-alert-firing", "4-evidence", "5-rollback-request", "7-daily-digest")
    for name in names:
        channel.stand_in.post(card=card(name))
    channel.stand_in.post(text="Thanks, see https://a.example")
    tab = await window(f"{channel.address}/?theme={theme}")
    await expect(tab.locator(".card")).to_have_count(len(names))
    await tab.get_by_role("button", name="Snooze").click()

    assert [] == await tab.evaluate(_FAINT)


async def test_the_theme_changes_and_keeps_what_was_typed(
    channel: Served, window: Window
) -> None:
    """
    Drawing the card again would throw a half-written reason away.
    """
    channel.stand_in.post(card=card("1-alert-firing"))
    tab = await window(channel.address, color_scheme="dark")
    await expect(tab.locator("html")).to_have_attribute("data-theme", "dark")
    await tab.get_by_role("button", name="Snooze").click()
    await tab.get_by_label("Why").fill("Known feed problem")

    await tab.get_by_label("Theme").select_option("light")

    await expect(tab.locator("html")).to_have_attribute("data-theme", "light")
    await expect(tab.get_by_label("Why")).to_have_value("Known feed problem")
    await expect(tab.locator(".card .ac-adaptiveCard").first).to_have_css(
        "background-color", "rgb(255, 255, 255)"
    )
    await tab.reload()
    await expect(tab.locator("html")).to_have_attribute("data-theme", "light")


async def test_a_phone_shows_everything_without_scrolling_sideways(
    channel: Served, window: Window
) -> None:
    """
    Alerts are read on phones first.
    """
    names = ("1-alert-firing", "4-evidence", "6-rollback-done", "7-daily-digest")
    for name in names:
        channel.stand_in.post(card=card(name))
    tab = await window(channel.address, width=360)
    await expect(tab.locator(".card")).to_have_count(len(names))

    assert [] == await _wider(tab)
    await expect(tab.locator("#rail")).to_be_hidden()
    await tab.get_by_role("button", name="Channels").click()
    await tab.get_by_role("button", name="ml-platform").click()
    await expect(tab.get_by_role("heading", level=1)).to_have_text("ml-platform")
    await expect(tab.locator("#rail")).to_be_hidden()


async def _wider(tab: Page) -> list[str]:
    found: list[str] = await tab.evaluate(
        """() => [...document.querySelectorAll("html, .posts, .card, .ac-adaptiveCard")]
        .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.className)"""
    )
    return found
