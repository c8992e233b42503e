"""The only code that changes anything in Azure: an endpoint's traffic, once.

Everything that can go wrong ends in one of three ways. `Unavailable`: Azure did not
take the change, try later. `Impossible`: it is settled, and the words say whether
anything was changed. `Ambiguous`: it may have been changed, a person has to look.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseTimeoutError,
)
from urllib3.exceptions import NewConnectionError

from bot.azure.arm import Arm, Document, look
from bot.azure.cloud import Cloud
from bot.azure.errors import code_of, plain_words, retry_after, speaking_of, translated
from bot.azure.traffic import AT_REST, STEADY, Way, changed, judged, same
from bot.incident import EndpointState, Traffic
from bot.ports import Ambiguous, Impossible, Unavailable

_REQUEST_LIMIT_S = 45
# A process that slept may not act on what was true before: by now another executor may
# have told that nothing was changed (Patience.settles).
_FRESH = timedelta(seconds=30)
_LOOKS = 3  # at a state at rest, before we believe that it is not what we asked for


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often to ask after a long-running operation, and for how long."""

    poll: timedelta = timedelta(seconds=2)
    # People wait: what Azure asks for beyond this is not waited for, unless it throttles.
    longest: timedelta = timedelta(minutes=1)
    limit: timedelta = timedelta(minutes=20)
    answer: timedelta = timedelta(minutes=2)  # that Azure may take to answer the PUT
    # How long a change whose answer was lost may take to be seen.
    settles: timedelta = timedelta(minutes=1)


class AzureMover:
    """The Mover port. `credential` is the executor's identity, and nobody else's."""

    def __init__(
        self,
        credential: AsyncTokenCredential,
        cloud: Cloud | None = None,
        *,
        clock: Callable[[], datetime] = _now,
        patience: Patience | None = None,
    ) -> None:
        self._arm = Arm(cloud or Cloud(), credential)
        self._clock = clock
        self._patience = patience or Patience()
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def close(self) -> None:
        await self._arm.close()

    async def state(self, endpoint: str) -> EndpointState:
        return (await self._look(endpoint))[1]

    async def shift(
        self, endpoint: str, expected: EndpointState, traffic: Traffic
    ) -> EndpointState:
        """Return the live state after the move; it serves exactly `traffic`.

        One PUT at most, of the raw document that was just read. Raises as the module
        says; every text starts with "Nothing was changed" or says what may have been.
        """
        async with self._locks[endpoint.lower()]:
            begun = self._clock()
            try:
                document, before = await self._look(endpoint)
                body = changed(document, before, expected, traffic)
            except Unavailable as error:
                words = f"Nothing was changed: {error}"
                raise Unavailable(words, error.retry_after) from error
            except Impossible as error:
                raise Impossible(f"Nothing was changed: {error}") from error
            if self._clock() - begun > _FRESH:
                words = "too much time went by since it was looked at."
                raise Unavailable(f"Nothing was changed: {words}")
            clock = asyncio.get_running_loop().time
            ends = clock() + self._patience.limit.total_seconds()
            way = await self._put(endpoint, body, ends)
            told = same(before.traffic, traffic)  # so it says nothing of this change
            after = await self._rested(endpoint, None if told else traffic, way, ends)
            return judged(_short(endpoint), before, after, traffic, way)

    async def _look(self, endpoint: str) -> tuple[Document, EndpointState]:
        with speaking_of(f"the endpoint {_short(endpoint)}"):
            async with asyncio.timeout(_REQUEST_LIMIT_S):
                return await look(self._arm, endpoint, self._clock)

    async def _put(self, endpoint: str, body: bytes, ends: float) -> Way:
        """Send the change and follow it.

        Raises Unavailable or Impossible when Azure certainly did not take it.
        """
        try:
            answer = await self._arm.put(endpoint, body, self._patience.answer)
        except (ServiceRequestError, ClientAuthenticationError) as error:
            if not _unsent(error):
                return Way("lost", "Azure's answer was lost")
            words = translated(error, "the change of traffic")
            raise Unavailable(f"Nothing was changed: {words}") from error
        except HttpResponseError as error:
            if error.status_code is None or error.status_code >= 500:  # noqa: PLR2004
                return Way("lost", "Azure answered with an error")
            raise _declined(error, endpoint) from error
        except (ServiceResponseTimeoutError, TimeoutError):
            return Way("silent")
        except (AzureError, ConnectionError):
            return Way("lost", "Azure's answer was lost")
        headers = answer.headers
        url = headers.get("Azure-AsyncOperation") or headers.get("Location")
        return await self._follow(url, ends) if url else Way("done")

    async def _follow(self, url: str, ends: float) -> Way:
        while asyncio.get_running_loop().time() < ends:
            told: Mapping[str, Any] = {}
            pause: timedelta | None = None
            try:
                async with asyncio.timeout(_REQUEST_LIMIT_S):
                    told, pause = await self._arm.operation(url)
                    pause = min(pause, self._patience.longest) if pause else None
            except ValueError:
                return Way("lost", "Azure named an operation that we cannot follow")
            except HttpResponseError as error:
                if error.status_code == 404:  # noqa: PLR2004
                    return Way("lost", "Azure knows nothing of its operation any more")
                pause = retry_after(error.response)
            except (AzureError, TimeoutError, ConnectionError):
                pass  # the operation goes on without us, and asking again costs nothing
            if way := _ended(told):
                return way
            await self._wait(ends, pause)
        return Way("stuck", f"no end after {_minutes(self._patience.limit)}")

    async def _rested(
        self, endpoint: str, wanted: Traffic | None, way: Way, ends: float
    ) -> EndpointState:
        """Return the state once it rests, or the last that was seen in time.

        `wanted` tells that the change has arrived; None: only that it is `STEADY` does.
        """
        looks = 1 if way.end == "stuck" else _LOOKS
        clock = asyncio.get_running_loop().time
        unsure = way.end in ("lost", "silent")
        until = clock() + self._patience.settles.total_seconds() * unsure
        while True:
            in_time = clock() < ends
            try:
                after = await self.state(endpoint)
            except (Unavailable, Impossible) as error:
                if not in_time or isinstance(error, Impossible):
                    words = f"The change was sent but cannot be read back: {error}"
                    raise Ambiguous(words) from error
            else:
                rests = after.provisioning_state in AT_REST
                looks -= rests
                steady = after.provisioning_state == STEADY
                arrived = rests and (same(after.traffic, wanted) if wanted else steady)
                if not in_time or arrived or (looks <= 0 and clock() >= until):
                    return after
            await self._wait(ends)

    async def _wait(self, ends: float, pause: timedelta | None = None) -> None:
        """Wait for the next look: as long as Azure asks for, but not past `ends`."""
        poll = self._patience.poll.total_seconds()
        asked = pause.total_seconds() if pause else 0.0
        left = ends - asyncio.get_running_loop().time()
        await asyncio.sleep(max(poll, min(asked, left)))


def _ended(told: Mapping[str, Any]) -> Way | None:
    """Return the end that an operation's document tells of; None: it goes on.

    Under `Location` it is the endpoint itself; what it serves is read in any case.
    """
    status = str(told.get("status") or "").lower()
    if status == "succeeded" or (not status and "properties" in told):
        return Way("done")
    if status in ("failed", "canceled", "cancelled") or (
        not status and told.get("error")
    ):
        return Way("failed", _why(told))
    return None


def _unsent(error: AzureError) -> bool:
    """Return whether the request certainly never left: no token, or no connection.

    A connection may also break, in azure-core's words, while the answer is awaited.
    """
    if isinstance(error, ClientAuthenticationError | ServiceRequestTimeoutError):
        return True
    return isinstance(error.inner_exception, NewConnectionError)


def _declined(error: HttpResponseError, endpoint: str) -> Unavailable | Impossible:
    """Return the port's exception for a PUT that Azure answered with 4xx."""
    name = _short(endpoint)
    code = f" ({code_of(error)})" if code_of(error) else ""
    if error.status_code in (408, 429):
        return Unavailable(
            f"Nothing was changed: Azure is limiting our requests{code}.",
            retry_after(error.response),
        )
    reasons = {
        403: f"this identity may not change the traffic of {name}",
        404: f"Azure knows no endpoint {name}",
        409: f"another change of {name} is under way",
        412: f"{name} was changed by someone else at the same moment",
    }
    words = reasons.get(error.status_code or 0)
    if words is None:
        said = plain_words(str(getattr(error.error, "message", None) or "")).rstrip(".")
        words = f"Azure refused it with status {error.status_code}"
        return Impossible(
            f"Nothing was changed: {words}{code}{': ' * bool(said)}{said}."
        )
    return Impossible(f"Nothing was changed: {words}{code}.")


def _why(told: Mapping[str, Any]) -> str:
    error = told.get("error")
    error = error if isinstance(error, dict) else {}
    code = plain_words(str(error.get("code") or "no code given"))
    message = plain_words(str(error.get("message") or "")).rstrip(".")
    cancelled = str(told.get("status") or "").lower().startswith("cancel")
    end = "was cancelled" if cancelled else "failed"
    return f"the operation {end} ({code})" + (
        f", Azure says: {message}" * bool(message)
    )


def _short(endpoint: str) -> str:
    return endpoint.rsplit("/", 1)[-1]


def _minutes(span: timedelta) -> str:
    seconds = span.total_seconds()
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.3g} s"  # noqa: PLR2004
