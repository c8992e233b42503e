"""The page: readable on paper, without colour, and without asking anybody for anything."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import evidence, signals
from bot.evidence import bundle, charts
from bot.evidence.page import Rendering
from bot.evidence.shelf import digest
from bot.incident import (
    Acknowledged,
    CardShown,
    Event,
    EvidenceCollected,
    Incident,
    SignalsEvaluated,
)
from bot.signals import FeatureResult, Shape
from tests.browser import Window, browser, window
from tests.cards import samples
from tests.conftest import NOW

__all__ = ["browser", "window"]
MARKUP = "<script>alert(1)</script>&\"'"
numbers = st.floats(
    allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9
)
shares = st.floats(0, 1)
names = st.text(
    st.characters(blacklist_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=60
)


def parsed(svg: str) -> ET.Element:
    """Return the chart as XML, and see that no coordinate is out of all bounds."""
    root = ET.fromstring(svg)  # noqa: S314 our own
    assert '="nan"' not in svg
    for rect in root.iter("rect"):
        assert float(rect.get("width", "")) >= 0
        assert float(rect.get("height", "")) >= 0
    return root


@given(st.lists(st.tuples(names, shares, shares), min_size=1, max_size=30))
def test_any_distribution_can_be_drawn(bins: list[tuple[str, float, float]]) -> None:
    labels, before, now = zip(*bins, strict=True)
    root = parsed(
        charts.distribution("f", Shape(bins=labels, reference=before, production=now))
    )

    marks = [r for r in root.iter("rect") if r.get("class") in ("before", "now")]
    assert 2 * len(bins) + 2 == len(marks)  # and the legend's


@given(st.lists(st.one_of(st.none(), numbers), min_size=2, max_size=40), numbers)
def test_any_series_can_be_drawn(values: list[float | None], limit: float) -> None:
    times = [NOW + timedelta(minutes=i) for i in range(len(values))]
    line = charts.Line(name="blue", times=times, values=values)
    svg = charts.over_time("t", [line, line], limit=limit, events=[(NOW, MARKUP)])

    assert not svg or parsed(svg)
    assert bool(svg) == any(v is not None for v in values)


@given(names, st.one_of(st.none(), numbers), st.one_of(st.none(), numbers))
def test_any_figure_can_be_drawn(
    name: str, value: float | None, limit: float | None
) -> None:
    result = FeatureResult(
        feature=name, data_type="Numerical", metric="m", value=value, threshold=limit,
        breached_when="above", verdict="breached",
    )  # fmt: skip
    svg = charts.drift([result])

    assert bool(svg) == (value is not None)
    assert not svg or parsed(svg)


@given(st.lists(st.dictionaries(names, st.integers(0, 100), max_size=4), max_size=4))
def test_any_traffic_can_be_drawn(rows: list[dict[str, int]]) -> None:
    svg = charts.traffic([(MARKUP, row) for row in rows])

    assert not svg or parsed(svg)


def frozen(parts: dict[str, object]) -> tuple[EvidenceCollected, dict[str, bytes]]:
    contents = {
        name: json.dumps({"part": name, "content": content}).encode()
        for name, content in parts.items()
    }
    event = EvidenceCollected(
        at=NOW,
        endpoint="e",
        digests={name: digest(c) for name, c in contents.items()},
        missing={"activity log": f"forbidden: {MARKUP}"},
    )
    return event, {digest(c): c for c in contents.values()}


@pytest.mark.parametrize(
    "content", [MARKUP, [MARKUP], {MARKUP: MARKUP}, None, 7, {"changes": [{"at": 1}]}]
)
@pytest.mark.parametrize(
    "part", ["metrics", "monitor", "activity log", "windows", "logs x", "repeat"]
)
def test_an_odd_object_neither_breaks_the_page_nor_enters_it_as_markup(
    part: str, content: object
) -> None:
    """
    An object of another version, or one that was made to hurt who reads it.
    """
    event, objects = frozen({part: content})
    incident = replace(
        samples.view("firing").incident,
        history=(*samples.view("firing").incident.history, event),
    )
    html = evidence.page(bundle.plain_view(incident), objects)

    assert html.endswith("</html>")
    assert "<script" not in html
    assert "forbidden: &lt;script" in html


def test_an_object_that_is_gone_or_changed_is_told_apart() -> None:
    event, objects = frozen({"metrics": [1], "settings": {}})
    changed = objects.pop(event.digests["metrics"])
    objects[event.digests["metrics"]] = changed + b" "
    del objects[event.digests["settings"]]
    incident = samples.incident(*samples.HISTORIES["firing"][:1], event)
    html = evidence.page(bundle.plain_view(incident), objects)

    assert "<td>metrics<td>its object was CHANGED" in html
    assert "<td>settings<td>kept, but its object is not at hand" in html


def page_of(*history: Event) -> str:
    return evidence.page(bundle.plain_view(samples.incident(*history)))


def test_a_clock_that_runs_says_so() -> None:
    """
    A time beside "acknowledge" reads as if somebody had.
    """
    shown = CardShown(at=samples.FIRED, conversation="c", activity="1", revision=1)
    first, *more = samples.HISTORIES["acknowledged"]
    quiet = [e for e in more if not isinstance(e, Acknowledged)]
    later = replace(shown, at=samples.after(60))
    waiting = page_of(first, shown, *quiet, later)
    done = page_of(first, shown, *more)

    assert "<td>acknowledge<td class=n>not yet, after" in waiting
    assert "<td>acknowledge<td class=n>not yet" not in done


def test_the_owner_is_shown_no_accounts_and_no_digests() -> None:
    view = bundle.plain_view(samples.view("rolled-back").incident)
    [account] = {e.by.id for e in view.incident.history if e.by and "Mei" in e.by.name}

    risk, owner = evidence.page(view), evidence.page(view, rendering="owner")
    assert account in risk
    assert account not in owner
    assert "sha256:" not in owner
    assert "Traffic before and after" in owner


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_asks_nobody_for_anything_and_fits_a_sheet(
    window: Window, tmp_path: Path, scheme: str
) -> None:
    """
    A packet is opened years later, in a place without a network, and printed.
    """
    html = evidence.page(bundle.plain_view(samples.view("rolled-back").incident))
    file = tmp_path / "page.html"
    file.write_text(html)
    page = await window("about:blank", color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(file.as_uri())
    assert [file.as_uri()] == asked
    wide = "document.documentElement.scrollWidth <= window.innerWidth"
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate(wide)  # a wide table is moved alone, the page stays

    await page.emulate_media(media="print")
    await page.set_viewport_size({"width": 670, "height": 950})  # A4 less margins
    assert await page.evaluate(wide)
    ground = "getComputedStyle(document.body).backgroundColor"
    assert "rgb(255, 255, 255)" == await page.evaluate(ground)
    assert (await page.pdf(format="A4")).startswith(b"%PDF")


def hostile() -> Incident:
    """A drift of features with names as nobody should choose them."""
    names = ["a" * 120, "\u202eevil", "\u05e2\u05de\u05d5\u05d3\u05d4", "<b>x</b>"]
    chance = np.random.default_rng(3)
    then, now = (
        pa.table({name: pa.array(chance.normal(shift, 1, 500)) for name in names})
        for shift in (0, 2)
    )
    rule = signals.Rule(metric="JensenShannonDistance", threshold=0.1)
    found = SignalsEvaluated(
        at=samples.after(1), report=signals.evaluate(then, now, [rule])
    )
    told = samples.HISTORIES["rolled-back"]
    return samples.incident(told[0], found, *told[2:])


def test_a_name_neither_turns_round_nor_runs_off_the_sheet() -> None:
    """
    On paper the limit and the verdict once stood beyond the edge; "evil" read "live".
    """
    html = evidence.page(bundle.plain_view(hostile()))

    assert f"<td class=long>{'a' * 120}" in html
    assert "[U+202E]evil" in html
    assert "\u202e" not in html
    assert "<b>x</b>" not in html


@pytest.mark.asyncio(loop_scope="session")
async def test_no_page_has_to_be_pushed_sideways(
    window: Window, tmp_path: Path
) -> None:
    """
    At a desk, on a phone, and as wide as a sheet of paper.
    """
    file = tmp_path / "page.html"
    renderings: tuple[Rendering, ...] = ("risk", "owner")
    view = bundle.plain_view(hostile())
    for rendering in renderings:
        file.write_text(evidence.page(view, rendering=rendering))
        for width in (1280, 640, 390):
            tab = await window(file.as_uri(), width=width)
            size = await tab.evaluate("document.documentElement.scrollWidth")
            assert size <= width, (rendering, width)
