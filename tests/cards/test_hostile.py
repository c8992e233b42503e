"""What a stranger writes is shown as harmless text, wherever on a card it lands."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.words import clean, cut, identifier, model_name, person
from tests.cards import reading, tainted

CASES = {
    case["id"]: case
    for case in json.loads(
        (Path(__file__).parents[1] / "fixtures/hostile/displays.json").read_text()
    )
    if {"card", "toast"} & set(case["sinks"])
}
ACTIVE = re.compile(r"\{\{|\}\}|<\s*/?\s*at\b", re.IGNORECASE)
BENIGN = tainted.cards("feature")


def text_of(case: dict[str, Any]) -> str:
    """Return the text of a case; halves of pairs are joined as JSON would."""
    if "text_json" in case:
        return str(json.loads(case["text_json"]))
    made = case["text_gen"]
    return str(made["unit"] * made["count"] + made.get("tail", ""))


def skeleton(part: Any) -> Any:
    """Return what a card is made of, without its words."""
    if isinstance(part, dict):
        return {k: skeleton(v) for k, v in part.items() if k in ("type", "items")}
    return [skeleton(p) for p in part] if isinstance(part, list) else ""


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_text_is_harmless(name: str) -> None:
    """
    Feature names, rules and reasons come from outside; a card must not act on them.
    """
    case = CASES[name]
    every = tainted.cards(text_of(case))
    for kind, rendered in every.items():
        text = "\n".join(reading.strings(rendered.card))
        for banned in case["must_not_show"]:
            assert banned not in text, kind
            assert banned not in rendered.summary + rendered.text
        assert len(reading.shown(rendered.card)) < case.get("max_visible", 1e9) * 10
        acts(rendered.card)
    shown = reading.shown(every["rejected"].card)
    for wanted in case["must_show"]:
        assert wanted in shown


def acts(card: reading.Element) -> None:
    """Fail where a client would make a link, a mention, a date or markup."""
    named = {e["text"] for e in card.get("msteams", {}).get("entities", [])}
    for element in reading.elements(card):
        kind = element.get("type")
        ours = [element.get(k) for k in ("text", "label", "errorMessage")]
        if kind in (None, "Input.Choice") and {"title", "value"} == set(element):
            ours = [element["title"], element["value"]]
        if kind == "TextRun":
            assert not ACTIVE.search(element["text"])
            assert "selectAction" not in element
            continue
        for text in filter(None, ours):
            plain = re.sub(r"\{\{(DATE|TIME)\([\dTZ:-]+(, SHORT)?\)\}\}", "", text)
            for tag in named:
                plain = plain.replace(tag, "")
            assert not re.search(r"[\[\]<>{}_`]|https?:|www\.\w|\w\.[a-z]{2}", plain), (
                text
            )
    urls = [e["url"] for e in reading.elements(card) if "url" in e]
    allowed = ("https://ml.azure.com/", "https://watchkeeper.contoso.example/")
    assert all(u.startswith(allowed) for u in urls)
    types = {str(e.get("type")) for e in reading.elements(card)}
    assert not {"Image", "Media", "ImageRun"} & types


@pytest.mark.parametrize("name", ["str-card-json", "str-html-img", "str-md-link"])
def test_no_text_changes_what_a_card_is_made_of(name: str) -> None:
    """
    An element that a text could add is an element that a stranger could add.
    """
    for kind, rendered in tainted.cards(text_of(CASES[name])).items():
        assert skeleton(BENIGN[kind].card["body"]) == skeleton(rendered.card["body"])


@given(st.text(max_size=300), st.integers(1, 60))
def test_cleaning_is_safe_and_stable(text: str, limit: int) -> None:
    """
    Cleaned text is one line, within its length, and cleaning it again changes nothing.
    """
    once = clean(text, limit)

    assert len(once.encode("utf-16-le")) // 2 <= max(limit, len("(empty)"))
    assert once.isprintable()
    assert not ACTIVE.search(once)
    assert clean(once, 1_000) == once


@given(st.text(max_size=100))
def test_names_are_safe_in_markdown(text: str) -> None:
    """
    Names stand in TextBlock, where brackets, stars and bare hosts would be read.
    """
    assert re.fullmatch(r"[A-Za-z0-9-]+\u2026?", identifier(text))
    assert not re.search(r"[*_~`<>\[\]{}\\!#|]", person(text) + model_name(text))


@given(st.text(), st.integers(1, 40))
def test_cutting_never_splits_a_character(text: str, limit: int) -> None:
    """
    Half a pair is no text: JSON parsers refuse it or show a box.
    """
    assert len(cut(text, limit).encode("utf-16-le", "surrogatepass")) // 2 <= limit


def test_blank_is_told() -> None:
    """
    A hole in a sentence reads as if something were hidden.
    """
    assert ("(empty)", "somebody") == (clean(" \u00a0\u3000 "), person("\u200b"))


def test_honest_words_stay() -> None:
    """
    The cleaner protects people who write other scripts too, not only from them.
    """
    for text in (
        "\u00dcberwachung \u00abKredit\u00bb",
        "na\u00efve \u03a9",
        "\u30ea\u30b9\u30af",
    ):
        assert clean(text) == text
