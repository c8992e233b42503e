"""What the README says is what the program does."""

from pathlib import Path

import pytest
import yaml

from bot.settings import Settings
from bot.watch import Endpoint

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_table(name: str) -> None:
    field = Settings.model_fields[name]
    default = f"`{field.default}`" if str(field.default) else ""

    assert f"| `{name.upper()}` | {default} | {field.description} |" in README


def test_the_rules_shown_are_rules() -> None:
    """
    Whoever copies the example must not be met by "no metric is called so".
    """
    example = README.split("```yaml\n")[1].split("```")[0]
    endpoint = {
        "id": "/subscriptions/0/resourceGroups/g/providers/"
        "Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/loan",
        "owner": "Priya",
        "channel": "alerts",
    }

    found = Endpoint.model_validate({**endpoint, **yaml.safe_load(example)})

    assert {
        "data-drift",
        "endpoint-health",
        "cost",
        "model-performance",
        "feature-attribution-drift",
    } == {rule.kind for rule in found.signals}


def test_pictures_and_links_lead_somewhere() -> None:
    root = Path(__file__).parents[1]
    targets = [part.split(")")[0] for part in README.split("](")[1:]]

    assert targets
    assert [] == [t for t in targets if "://" not in t and not (root / t).exists()]
