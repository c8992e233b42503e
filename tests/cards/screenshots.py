"""Draw cards with the demo's page and keep pictures of them, to be looked at.

    python -m tests.cards.screenshots tests/cards/*.json --to /some/folder

Each card becomes one picture: desktop light and dark, a phone of 328 px, and a phone
whose host knows no charts, so that the fallbacks show.
"""

import argparse
import asyncio
import json
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from playwright.async_api import Browser, async_playwright

from bot.simulator import page
from tests.browser import ARGUMENTS, chromium, serve

_VIEWS: Final = (
    ("Teams desktop, light", 720, "theme=light"),
    ("Teams desktop, dark", 720, "theme=dark"),
    ("Phone, 328 px", 356, "theme=light&phone"),
    ("Phone, host without charts", 356, "theme=dark&phone&charts=off"),
)
_SHOW: Final = """async ([card, note]) => {
  const { show } = await import("/page/sheet.js");
  await show(card, note);
}"""
_JOIN: Final = """async (pictures) => {
  document.body.replaceChildren(...pictures.map((data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    return image;
  }));
  document.body.style.cssText = "margin:0;display:inline-flex;align-items:start";
  await Promise.all([...document.images].map((image) => image.decode()));
}"""


async def draw(cards: Iterable[tuple[str, Any]], folder: Path) -> None:
    """Write one PNG a card into `folder`; `cards` holds names and card objects."""
    app = web.Application()
    page.add_routes(app)
    runner, origin = await serve(app)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=list(ARGUMENTS)
        )
        for name, card in cards:
            views = [await _view(browser, origin, card, view) for view in _VIEWS]
            await _join(browser, views, folder / f"{name}.png")
        await browser.close()
    await runner.cleanup()


async def _view(
    browser: Browser, origin: str, card: Any, view: tuple[str, int, str]
) -> bytes:
    note, width, query = view
    tab = await browser.new_page(
        viewport={"width": width, "height": 200}, timezone_id="Europe/Berlin"
    )
    await tab.goto(f"{origin}/page/sheet.html?{query}")
    await tab.evaluate(_SHOW, [card, note])
    picture = await tab.screenshot(full_page=True)
    await tab.close()
    return picture


async def _join(browser: Browser, views: list[bytes], target: Path) -> None:
    """Put the views side by side in the browser: that spares an image library."""
    tab = await browser.new_page(viewport={"width": 2152, "height": 200})
    await tab.evaluate(_JOIN, [b64encode(view).decode() for view in views])
    await tab.screenshot(path=target, full_page=True)
    await tab.close()


def _card(path: Path) -> Any:
    """Return the card in a file: alone, or in a golden beside its summary."""
    found = json.loads(path.read_text("utf-8"))
    return found.get("card", found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cards", nargs="+", type=Path, help="card JSON files")
    parser.add_argument("--to", type=Path, default=Path("screenshots"), help="a folder")
    asked = parser.parse_args()
    if chromium() is None:
        parser.error("no Chromium on the PATH")
    cards = [(path.stem, _card(path)) for path in asked.cards]
    asked.to.mkdir(parents=True, exist_ok=True)
    asyncio.run(draw(cards, asked.to))


if __name__ == "__main__":
    main()
