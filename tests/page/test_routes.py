"""What the page's own routes give out, and to nobody else."""

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.simulator import page


async def _get(path: str, **wishes: Path) -> tuple[int, str, web.Response]:
    app = web.Application()
    page.add_routes(app, **wishes)
    async with TestClient(TestServer(app)) as client:
        answer = await client.get(path)
        return answer.status, await answer.text(), answer  # type: ignore[return-value]


async def test_a_machine_without_the_renderer_says_what_to_do(tmp_path: Path) -> None:
    """
    A blank page would send a newcomer to the wrong place to look.
    """
    status, text, _ = await _get("/", node_modules=tmp_path)

    assert 503 == status
    assert "make demo" in text


@pytest.mark.parametrize(
    "path",
    [
        "/page/__init__.py",
        "/page/../__init__.py",
        "/page/%2e%2e/__init__.py",
        "/page/vendor/adaptivecards/package.json",
        "/page//etc/passwd",
    ],
)
async def test_only_listed_files_leave(path: str) -> None:
    """
    The port is open to everybody on the machine; the page is all it should show.
    """
    status, _, _ = await _get(path)

    assert 404 == status


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/page/main.js", "text/javascript"),
        ("/page/icon.svg", "image/svg+xml"),
        ("/page/hostconfig.json", "application/json"),
        ("/page/page.css", "text/css"),
    ],
)
async def test_the_browser_is_told_what_a_file_is(path: str, kind: str) -> None:
    """
    With nosniff a module of the wrong type does not run, and the page stays empty.
    """
    status, _, answer = await _get(path)

    assert (200, kind) == (status, answer.content_type)


async def test_the_policy_allows_nothing_foreign() -> None:
    """
    A card is foreign content: not even an image of it may call home.
    """
    _, _, answer = await _get("/page/index.html")
    policy = answer.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


async def test_the_page_knows_which_extras_there_are() -> None:
    """
    Asking for a route that is not there would fill the console with errors.
    """
    _, text, _ = await _get("/page/offers.json")

    assert '{"hints": false, "azure": false}' == text
