"""The schema that editors read, against what `watchkeeper check` takes and refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from bot.simulator.scenarios import scenario
from bot.watch_schema import schema

DEPLOY = Path(__file__).parent.parent / "deploy"
VALID = Draft202012Validator(schema())


def example() -> dict[str, Any]:
    text = (DEPLOY / "watchkeeper.yaml").read_text("utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def test_the_file_that_ships_is_the_newest() -> None:
    """
    Refresh it with `watchkeeper check --schema > deploy/watchkeeper.schema.json`.
    """
    kept = json.loads((DEPLOY / "watchkeeper.schema.json").read_text("utf-8"))

    assert schema() == kept
    Draft202012Validator.check_schema(kept)
    assert "(?" not in json.dumps(kept)  # flags that JavaScript does not know


def test_what_we_write_ourselves_is_right() -> None:
    told = json.dumps(scenario("loan").watch())

    assert [] == [e.message for e in VALID.iter_errors(example())]
    assert [] == [e.message for e in VALID.iter_errors(json.loads(told))]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("tenant",), "contoso"),
        (("endpont",), []),
        (("endpoints", 0, "id"), "loan"),
        (("endpoints", 0, "tier"), 4),
        (("endpoints", 0, "rollbak_target"), "green"),
        (("people", 0, "roles"), ["boss"]),
        (("settings",), {"prot": 1}),
        (("settings",), {"alert_auth": "maybe"}),
    ],
)
def test_a_slip_is_underlined(path: tuple[str | int, ...], value: object) -> None:
    document: Any = example()
    place = document
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value

    assert not VALID.is_valid(document)
