"""Every card as the JSON that somebody has looked at.

After a wanted change: `WATCHKEEPER_GOLDENS=write pytest tests/cards/test_goldens.py`,
then look at the pictures and at the diff.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cards import Rendered, show
from tests.cards import samples

HERE = Path(__file__).parent
CARDS: Mapping[str, Callable[[], Rendered]] = {
    **{
        name: lambda name=name: show(samples.view(name))  # type: ignore[misc]
        for name in samples.HISTORIES
    },
}


@pytest.mark.parametrize("name", CARDS)
def test_a_card_is_as_it_was_looked_at(name: str) -> None:
    """
    A card is what people see; no word of it may change by accident.
    """
    rendered = CARDS[name]()
    shown = {
        "summary": rendered.summary,
        "text": rendered.text,
        "card": rendered.card,
    }
    path = HERE / f"{name}.json"
    if os.environ.get("WATCHKEEPER_GOLDENS") == "write":
        path.write_text(json.dumps(shown, indent=1, ensure_ascii=False) + "\n")

    assert json.loads(path.read_text()) == shown


def test_every_golden_has_its_card() -> None:
    """
    A golden that nothing renders any more would be looked at for nothing.
    """
    assert {p.stem for p in HERE.glob("*.json")} == set(CARDS)
