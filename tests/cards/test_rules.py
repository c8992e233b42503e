"""The rules of card design that a machine can check, over every golden."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.cards.reading import Element, charts, elements, strings

GOLDENS: Final[Mapping[str, Element]] = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted(Path(__file__).parent.glob("*.json"))
}
every_golden = pytest.mark.parametrize("name", GOLDENS)
ALERTS: Final = ("Firing", "Escalated", "Acknowledged", "Snoozed")  # bands
_CLOCK = re.compile(r"\{\{(?:DATE|TIME)\([^)]*\)\}\}")
_WHOLE = re.compile(
    r"\{\{(?:DATE\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, ?(?:SHORT|COMPACT|LONG)\)"
    r"|TIME\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\))\}\}"
)


def of_type(card: Any, *kinds: str) -> Iterator[Element]:
    return (e for e in elements(card) if e.get("type") in kinds)


def tiles(card: Element) -> Iterator[list[Element]]:
    """Yield the columns of each row of key figures."""
    for row in of_type(card, "ColumnSet"):
        if all(c.get("style") == "emphasis" for c in row["columns"]):
            yield row["columns"]


@every_golden
def test_a_card_is_of_the_declared_version(name: str) -> None:
    card = GOLDENS[name]

    assert ("AdaptiveCard", "1.5") == (card["type"], card["version"])


@every_golden
def test_only_what_needs_room_is_wide(name: str) -> None:
    """
    A wide card that holds two lines is mostly empty.
    """
    card = GOLDENS[name]
    wide = card.get("msteams", {}).get("width", "").lower() == "full"

    assert not wide or charts(card) or list(of_type(card, "Table", "ColumnSet"))


@every_golden
def test_key_figures_fit_a_phone(name: str) -> None:
    for columns in tiles(GOLDENS[name]):
        assert len(columns) <= 3
        for column in columns:
            label, figure, note = (e.get("text", "") for e in column["items"])
            assert len(label) <= 12
            assert 0 < len(figure) <= 7
            assert len(note) <= 10


@every_golden
def test_only_what_is_out_of_range_is_coloured(name: str) -> None:
    """
    Nothing is told by a colour alone: a coloured figure has its limit beside it.
    """
    for columns in tiles(GOLDENS[name]):
        for column in columns:
            _, figure, note = column["items"]
            assert "color" not in figure or note["text"]


@every_golden
def test_an_alert_has_one_chart_and_charts_few_bars(name: str) -> None:
    found = charts(GOLDENS[name])

    assert len(found) <= 1 or not GOLDENS[name]["fallbackText"].startswith(ALERTS)
    for chart in found:
        assert chart["title"]
        assert chart["fallback"]
        if chart["type"].startswith("Chart.HorizontalBar"):
            assert len(chart["data"]) <= 5


@every_golden
def test_tables_have_few_columns_and_numbers_at_the_right(name: str) -> None:
    for table in of_type(GOLDENS[name], "Table"):
        heads = table["columns"]
        assert 2 <= len(heads) <= 4
        assert table.get("firstRowAsHeader", True)
        for row in table["rows"]:
            assert len(row["cells"]) == len(heads)
            for head, cell in zip(heads, row["cells"], strict=True):
                if re.fullmatch(r"[\d.,]+ ?%?", cell["items"][0].get("text", "")):
                    assert "Right" == head["horizontalCellContentAlignment"]


@every_golden
def test_buttons_have_no_style_that_teams_ignores(name: str) -> None:
    card = GOLDENS[name]
    actions = [e for e in elements(card) if str(e.get("type")).startswith("Action.")]
    behind = [a for a in card.get("actions", []) if a.get("mode") == "secondary"]

    assert [] == [a["title"] for a in actions if "style" in a]
    assert len(behind) != 1


@every_golden
def test_an_older_client_can_press_too(name: str) -> None:
    for action in of_type(GOLDENS[name], "Action.Execute"):
        if action.get("verb") != "refresh":
            assert "Action.Submit" == action["fallback"]["type"]


@every_golden
def test_a_card_in_a_card_asks_for_few_things(name: str) -> None:
    """
    One required reason; a choice may stand beside it.
    """
    for action in of_type(GOLDENS[name], "Action.ShowCard"):
        asked = [
            e
            for e in elements(action["card"])
            if str(e.get("type")).startswith("Input.")
        ]
        assert 1 <= len(asked) <= 2


@every_golden
def test_inputs_say_what_they_want(name: str) -> None:
    for asked in elements(GOLDENS[name]):
        if not str(asked.get("type")).startswith("Input."):
            continue
        assert asked["label"]
        if asked.get("isRequired"):
            assert asked["errorMessage"]
        if asked["type"] == "Input.Text":
            assert 0 < asked["maxLength"] <= 1000


@every_golden
def test_clocks_stand_where_they_are_drawn_and_beside_utc(name: str) -> None:
    """
    A client that draws no {{DATE}} must still say when.
    """
    card = GOLDENS[name]
    drawn = set()
    for element in of_type(card, "TextBlock", "FactSet"):
        words = [element.get("text", "")]
        words += [f["value"] for f in element.get("facts", [])]
        for text in words:
            for clock in _CLOCK.findall(text):
                assert _WHOLE.fullmatch(clock)
                assert "UTC" in text
                drawn.add(clock)

    assert {c for s in strings(card) for c in _CLOCK.findall(s)} == drawn


@every_golden
def test_labels_are_short_and_the_same(name: str) -> None:
    for facts in of_type(GOLDENS[name], "FactSet"):
        for fact in facts["facts"]:
            assert len(fact["title"]) <= 20
            assert not fact["title"].endswith(":")


@every_golden
def test_what_is_missing_is_said_in_one_way(name: str) -> None:
    for box in of_type(GOLDENS[name], "Container"):
        text = "".join(strings(box))
        if "could not be" in text and box.get("style") == "warning":
            assert "Missing:" in text


@every_golden
def test_there_is_no_emoji(name: str) -> None:
    text = "".join(strings(GOLDENS[name]))

    assert [] == [c for c in text if unicodedata.category(c) == "So"]


@every_golden
def test_a_card_is_under_the_limit(name: str) -> None:
    """
    Measured as Teams does, in UTF-16.
    """
    written = json.dumps(GOLDENS[name], ensure_ascii=False)

    assert len(written.encode("utf-16-le")) < 40_000
    assert len(written.encode()) < 20_000
