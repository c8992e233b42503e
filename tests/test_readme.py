"""What the README says is what the program does."""

from pathlib import Path

import pytest

from bot.settings import Settings

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_table(name: str) -> None:
    field = Settings.model_fields[name]
    default = f"`{field.default}`" if str(field.default) else ""

    assert f"| `{name.upper()}` | {default} | {field.description} |" in README


def test_pictures_and_links_lead_somewhere() -> None:
    root = Path(__file__).parents[1]
    targets = [part.split(")")[0] for part in README.split("](")[1:]]

    assert targets
    assert [] == [t for t in targets if "://" not in t and not (root / t).exists()]
