"""The simulated Azure refuses what Azure refuses: the executor meets the real rules."""

from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web

from bot.azure import AzureMover
from bot.ports import Impossible
from bot.simulator.azure.strict import check
from bot.simulator.scenarios._workspace import documents
from bot.simulator.world import World
from tests.azure.conftest import ARM

ENDPOINT = next(d for d in documents() if d["type"].endswith("/onlineEndpoints"))
STATES = {"blue": "Succeeded", "green": "Succeeded", "red": "Failed"}


def put(**properties: Any) -> dict[str, Any]:
    """Return the body of a PUT that is right but for these properties."""
    return {**ENDPOINT, "properties": {**ENDPOINT["properties"], **properties}}


def without(name: str) -> dict[str, Any]:
    return {k: v for k, v in ENDPOINT.items() if k != name}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (put(traffic={"blue": 90}), "must be 0 or 100"),
        (put(traffic={"blue": 90, "green": 20}), "must be 0 or 100"),
        (put(traffic={"blue": -10, "green": 110}), "whole percent"),
        (put(traffic={"blue": 99.5, "green": 0.5}), "whole percent"),
        (put(traffic={"blue": "100"}), "whole percent"),
        (put(traffic={"blue": True, "green": 99}), "whole percent"),
        (put(traffic={"blue": 50, "Blue": 50}), "stands twice"),
        (put(traffic={"pink": 100}), "pink does not exist"),
        (put(traffic={"red": 100}), "red is Failed"),
        (put(traffic={"green": 100}, mirrorTraffic={"green": 10}), "cannot mirror"),
        (put(traffic={"green": 100}, mirrorTraffic={"blue": 60}), "50 percent"),
        (put(traffic={"blue": 100}, mirrorTraffic={"pink": 5}), "does not exist"),
        (put(authMode=None), "authMode"),
        (put(authMode="Key"), "authMode"),
        (without("location"), "location"),
        ({**ENDPOINT, "location": "northeurope"}, "location cannot"),
        ({**ENDPOINT, "name": "another"}, "name cannot"),
        (without("properties"), "not valid"),
        ([], "not valid"),
    ],
)
def test_what_azure_refuses_is_refused(body: Any, words: str) -> None:
    with pytest.raises(web.HTTPBadRequest) as refused:
        check(ENDPOINT, body, STATES)

    assert words in str(refused.value.text)


@pytest.mark.parametrize(
    "body",
    [
        put(),
        put(traffic={"green": 100, "red": 0}),
        put(traffic={"GREEN": 100}, mirrorTraffic={"blue": 50}),
        put(traffic={}, mirrorTraffic=None),
        without("kind"),
    ],
)
def test_what_azure_takes_is_taken(body: Mapping[str, Any]) -> None:
    check(ENDPOINT, body, STATES)


def test_an_endpoint_under_way_takes_no_second_change() -> None:
    working = put(provisioningState="Updating")
    with pytest.raises(web.HTTPConflict):
        check(working, put(), STATES)


async def test_a_mirror_that_appears_behind_the_last_look_changes_nothing(
    mover: AzureMover, world: World
) -> None:
    """
    Our own check has passed by then: it is Azure that refuses, and we say what it said.
    """
    made = world.get("arm", ARM) or {}
    properties = {**made["properties"], "mirrorTraffic": {"green": 10}}
    world.put("arm", ARM, {**made, "properties": properties})
    before = await mover.state(ARM)

    words = r"^Nothing was changed: .*\(BadArgument\): green has live traffic"
    with pytest.raises(Impossible, match=words):
        await mover.shift(ARM, before, {"blue": 0, "green": 100})
    assert {"blue": 90, "green": 10} == (await mover.state(ARM)).traffic
