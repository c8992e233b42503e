"""What Teams allows a bot to send: windows per conversation, answered with 429."""

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field

from aiohttp import web

# learn.microsoft.com/microsoftteams/platform/bots/how-to/rate-limit
PER_CONVERSATION = ((7, 1.0), (8, 2.0), (60, 30.0), (1800, 3600.0))


@dataclass(slots=True)
class Throttle:
    """Sends of the last hour by conversation. `on` False: everything is let through."""

    on: bool = True
    sent: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def wait(self, conversation: str, now: float) -> int:
        """Return 0 and count the send, or the seconds after which to try again."""
        if not self.on:
            return 0
        times = self.sent[conversation]
        while times and times[0] <= now - PER_CONVERSATION[-1][1]:
            times.popleft()
        for most, seconds in PER_CONVERSATION:
            if len(times) >= most and times[-most] > now - seconds:
                return max(1, math.ceil(times[-most] + seconds - now))
        times.append(now)
        return 0


THROTTLE = web.AppKey("throttle", Throttle)
