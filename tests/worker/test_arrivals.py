"""Places that we hear of only when somebody speaks there."""

from bot.simulator.teams.places import CHANNELS
from tests.house import QUIET, Opened


async def test_who_speaks_where_we_were_never_introduced_is_answered(
    build: Opened,
) -> None:
    """
    Teams tells an installation once; if that call was lost, a question still has an answer,
    and the card that waited for the place comes after it.
    """
    house = await build(endpoint=QUIET, start=False)
    for channel in CHANNELS:  # so that nobody is told
        house.world.put("install", channel.key, {"conversation": channel.id})
    await house.start()
    await house.sim_post("azure/alerts", kind="latency")
    parked = await house.event("EffectParked")
    assert "not installed" in parked["reason"]
    assert [] == await house.cards()

    await house.say("priya", "note A-1 I see it in the portal only")

    await house.told("I see it in the portal only")
    await house.shown("A-1")
