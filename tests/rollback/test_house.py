"""The house stands: from an alert to traffic that is moved, in one event loop."""

from tests.house import House


async def test_the_main_job_in_one_loop(house: House) -> None:
    await house.alert()
    await house.press("jonas", "Request rollback", reason="13 copes")
    await house.shown("Approval needed")

    await house.press("mei", "Approve rollback")

    assert await house.shown("Rolled back")
    assert {"green": 100} == await house.traffic()
    assert 1 == len(await house.puts())
