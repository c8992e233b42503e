"""What the tests of the gate and of its keys share."""

from dataclasses import dataclass

import pytest

from bot.simulator.identity import BOT_APP, TENANT
from bot.teams.account import Account
from bot.teams.gate import Denied, Gate

ACCOUNT = Account(
    app_id=BOT_APP, tenant=TENANT, allowed=("https://smba.trafficmanager.net",)
)


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


async def denied(gate: Gate, *headers: str) -> int:
    with pytest.raises(Denied) as caught:
        await gate.token(headers)
    return caught.value.status
