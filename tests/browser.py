"""A real Chromium for tests, and windows that notice what no test asks for.

Fixtures: import them into a conftest. Tests use one event loop for the whole session,
since a browser belongs to the loop that started it:

    pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
"""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

ARGUMENTS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
Window: TypeAlias = Callable[..., Awaitable[Page]]


def chromium() -> str | None:
    """Return the Chromium on the PATH, if there is one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)


async def serve(app: web.Application, port: int = 0) -> tuple[web.AppRunner, str]:
    """Serve `app` on a loopback port, a free one by default; return its address too."""
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if chromium() is None:
        pytest.skip("no Chromium on the PATH")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=chromium(), args=list(ARGUMENTS)
        )
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def window(browser: Browser) -> AsyncIterator[Window]:
    """Give a function that opens windows, which share nothing, as of several people.

    At the end no console holds an error and nothing was asked of a foreign origin.
    """
    wrong: list[str] = []
    opened = []

    async def open_window(address: str, *, width: int = 1280, **wishes: Any) -> Page:
        context = await browser.new_context(
            viewport={"width": width, "height": 800},
            timezone_id="Europe/Berlin",
            reduced_motion="reduce",
            **wishes,
        )
        opened.append(context)
        tab = await context.new_page()
        tab.set_default_timeout(10_000)
        tab.on("pageerror", lambda error: wrong.append(f"{error}"))
        tab.on("console", lambda line: _keep(wrong, line.type, line.text))
        tab.on("request", lambda asked: _foreign(wrong, asked.url, address))
        await tab.goto(address, timeout=60_000)  # the machine has other work
        return tab

    yield open_window
    for context in opened:
        await context.close()
    assert [] == wrong


def _keep(wrong: list[str], kind: str, text: str) -> None:
    # The browser itself reports a server that is down; a test may want just that.
    if kind in {"error", "warning"} and "ERR_" not in text:
        wrong.append(f"{kind}: {text}")


def _foreign(wrong: list[str], url: str, address: str) -> None:
    if urlsplit(url).scheme in {"http", "https", "ws", "wss"} and (
        urlsplit(url).netloc != urlsplit(address).netloc
    ):
        wrong.append(f"foreign request: {url}")
