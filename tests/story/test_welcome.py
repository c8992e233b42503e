"""The demo's first words are what a newcomer does next."""

from pathlib import Path

import pytest

from bot.demo import welcome

_BOT, _CLOUD = "http://127.0.0.1:3978/", "http://127.0.0.1:3979/"


@pytest.mark.parametrize(
    ("by", "told", "untold"),
    [
        ("story", "A card appears in #model-alerts a few seconds", "curl"),
        ("case", "press and type by themselves", "What to press"),
        ("nobody", f"curl {_CLOUD}sim/azure/alerts -d '{{", "a few seconds"),
    ],
)
def test_only_what_happens_is_promised(by: str, told: str, untold: str) -> None:
    """
    Where nothing happens by itself, a card was promised "a few seconds from now".
    """
    told_first = welcome.words("Loans", _BOT, _CLOUD, Path("here"), by=by)

    assert told in told_first
    assert untold not in told_first
