"""Which incident, request or endpoint a person means, and whether they may see it."""

from dataclasses import dataclass
from difflib import get_close_matches

from bot.approval.retraining import retraining
from bot.commands import Command, Words
from bot.commands.naming import incident_id
from bot.incident import OPEN, Actor, Incident, Refused
from bot.watch import Endpoint
from bot.worker import Means


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where somebody asks, and so what they may see from there."""

    conversation: str
    reply_to: str = ""  # the message to answer below
    thread: str = ""  # root message of the thread, "" outside of one
    alone: Actor | None = None  # who is answered alone, as others are in the chat

    @property
    def sight(self) -> str:
        """Return the conversation that decides what may be seen; "" is a chat of one."""
        return "" if self.alone else self.conversation


class Finding:
    def __init__(self, means: Means) -> None:
        self._means = means

    async def find(self, command: Command, words: Words, conversation: str) -> Incident:
        """Return the incident that is meant. Raises Refused: which one, or where."""
        if command.about == "request":
            request = words.get("request", "")
            found = await self._requested(command, request, conversation)
        elif command.about == "endpoint":
            name = words.get("endpoint", "")
            found = await self._ledger(command, name, conversation)
        else:
            name = words.get("incident", "")
            found = await self._incident(command, name, conversation)
        if not self._means.watch.in_sight(found.endpoint, conversation):
            name = found.id
            if not name.startswith("A-"):
                name = found.endpoint.rsplit("/", 1)[-1]
            raise Refused(f"{name} belongs to another channel; ask there.")
        return found

    async def of_thread(self, place: Place) -> str:
        """Return the id of the incident whose card the thread is about, "" if none."""
        if not place.thread:
            return ""
        found = await self._means.store.of_card(place.thread)
        if found is None:
            return ""
        seen = self._means.watch.in_sight(found.endpoint, place.sight)
        return found.id if seen else ""

    async def _incident(
        self, command: Command, typed: str, conversation: str
    ) -> Incident:
        store = self._means.store
        if not typed:
            raise Refused(f"Which one? For example: {command.usage}")
        found = await store.load(incident_id(typed)) if incident_id(typed) else None
        if found is None and command.about == "endpoint or incident":
            found = await self._open_on(typed)
        if found is None:
            hint = await self._open_here(typed, conversation) or 'Try "alerts".'
            raise Refused(f'There is no incident "{typed[:40]}". {hint}')
        return found

    async def _open_here(self, name: str, conversation: str) -> str:
        """Return what is open on an endpoint that was named instead of an incident."""
        here = [e for e in self.endpoints(conversation) if e.name == name.lower()]
        if len(here) != 1:
            return ""
        listed = await self._means.store.incidents(
            status=OPEN, endpoint=here[0].id, limit=3
        )
        keys = " or ".join(each.id for each in listed)
        return f"Did you mean {keys}?" if keys else f"Nothing is open on {name}."

    async def _requested(
        self, command: Command, request: str, conversation: str
    ) -> Incident:
        if not request:
            here = await self._waiting_here(conversation)
            hint = f"{here}." if here else f"For example: {command.usage}"
            raise Refused(f"Which request? {hint}")
        found = await self._means.store.of_request(request)
        if found is None:
            raise Refused(f"There is no request {request}.")
        return found

    async def _waiting_here(self, conversation: str) -> str:
        """Return the requests that wait for approval and can be seen from there."""
        seen = [
            i
            for i in await self._means.store.with_requests()
            if self._means.watch.in_sight(i.endpoint, conversation)
        ]
        keys = [i.waiting.request for i in seen if i.waiting]
        newest = [retraining(i) for i in seen]
        keys += [r.request.request for r in newest if r and r.waiting]
        return f"{' or '.join(keys[:4])} waits" if keys else ""

    async def _ledger(self, command: Command, name: str, conversation: str) -> Incident:
        store = self._means.store
        if not name:
            here = self.endpoints(conversation)
            if len(here) == 1 and not command.decide:  # to look at; no guess to change
                return await store.ledger(here[0].id)
            raise Refused(f"Which endpoint? For example: {command.usage}")
        endpoint = self._named(name)
        if endpoint is not None:
            return await store.ledger(endpoint.id)
        if not command.decide and incident_id(name):
            incident = await store.load(incident_id(name))
            if incident is not None:
                return await store.ledger(incident.endpoint)
        raise Refused(
            f'No endpoint is called "{name[:40]}". {self._hint(name, conversation)}'
        )

    def _hint(self, name: str, conversation: str) -> str:
        """Return the nearest name, or some names, of what can be seen from there."""
        names = [e.name for e in self.endpoints(conversation)]
        if near := get_close_matches(name.lower(), names, n=1, cutoff=0.5):
            return f'Did you mean "{near[0]}"?'
        return (
            f"There is: {', '.join(names[:5])}." if names else "None is watched here."
        )

    def endpoints(self, conversation: str) -> list[Endpoint]:
        """Return the endpoints that can be seen from a conversation."""
        watch = self._means.watch
        return [e for e in watch.endpoints if watch.in_sight(e.id, conversation)]

    def _named(self, name: str) -> Endpoint | None:
        endpoints = self._means.watch.named(name)
        if len(endpoints) > 1:
            raise Refused(
                f"Several endpoints are called {name}; use the incident's id."
            )
        return endpoints[0] if endpoints else None

    async def _open_on(self, name: str) -> Incident | None:
        """Return the newest open incident of an endpoint, or a new one."""
        endpoint = self._named(name)
        if endpoint is None:
            return None
        store = self._means.store
        # First the newest: looked up after the open ones, it may be what somebody opened
        # in between, and a second incident would be opened after that one.
        newest = await store.incidents(endpoint=endpoint.id, limit=1)
        listed = await store.incidents(status=OPEN, endpoint=endpoint.id, limit=1)
        if listed:
            return await store.load(listed[0].id)
        return Incident.asked_for(endpoint.id, newest[0].id if newest else "")
