"""The whole watch list: its parts, checked against each other."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from bot.incident import Actor, Alert
from bot.watch import about
from bot.watch.endpoint import KEPT_DAYS, Endpoint, ServiceLevels
from bot.watch.parts import Guid, Price, Strict, Tier
from bot.watch.people import BY_TIER, Approval, Channel, Escalation, Person

_SHARED = "@thread."  # in the id of a channel, a group chat and a meeting's chat
_CHAT = "@thread.v2"  # the end of that of the latter two


class WatchList(Strict):
    """The whole file. Names in it are checked against each other when it is read."""

    tenant: Guid
    people: tuple[Person, ...] = ()
    channels: Mapping[str, Channel] = {}
    approvals: Mapping[Tier, Approval] = {}  # by tier, where an endpoint says nothing
    escalations: Mapping[Tier, Escalation] = {}  # by tier
    # Days that frozen objects are kept after an incident's last event, by tier
    retention_days: Mapping[Tier, Annotated[int, Field(ge=1)]] = {}
    currency: str = Field(default="", pattern=r"^[A-Z]{0,3}$")  # of all prices
    # Of one instance an hour, by instance type ("Standard_DS3_v2")
    prices: Mapping[str, Price] = {}
    risk_channel: str = ""  # a key of `channels`, told last; "": the incident's own
    levels: Mapping[Tier, ServiceLevels] = {}  # likewise, target by target
    endpoints: tuple[Endpoint, ...] = ()

    @model_validator(mode="after")
    def _by_tier(self) -> Self:
        endpoints = tuple(
            e.model_copy(update={"approval": self.approvals[e.tier]})
            if e.tier in self.approvals and "approval" not in e.model_fields_set
            else e
            for e in self.endpoints
        )
        endpoints = tuple(self._with_levels(e) for e in endpoints)
        object.__setattr__(self, "endpoints", endpoints)  # frozen from here on
        return self

    def _with_levels(self, endpoint: Endpoint) -> Endpoint:
        tier = self.levels.get(endpoint.tier, ServiceLevels())
        own = {
            name: getattr(endpoint.levels, name)
            for name in endpoint.levels.model_fields_set
        }
        merged = tier.model_copy(update=own)
        return endpoint.model_copy(update={"levels": merged})

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        if wrong := [*self._unknown(), *self._shared()]:
            raise ValueError("\n".join(dict.fromkeys(wrong)))  # a line for each
        return self

    def _unknown(self) -> Iterator[str]:
        people = {p.name for p in self.people}
        if self.risk_channel and self.risk_channel not in self.channels:
            yield f"risk_channel: no channel is called {self.risk_channel!r}"
        for endpoint in self.endpoints:
            if endpoint.channel not in self.channels:
                yield f"{endpoint.name}: no channel is called {endpoint.channel!r}"
            team = self.escalation(endpoint).team
            for name in (endpoint.owner, *endpoint.approval.people, *team):
                if name not in people:
                    yield f"{endpoint.name}: nobody is called {name!r} in people"

    def _shared(self) -> Iterator[str]:
        for text, found in (
            (
                "two people share the account",
                [a for p in self.people for a in p.accounts],
            ),
            ("two people are called", [repr(p.name) for p in self.people]),
            ("listed twice:", [e.id for e in self.endpoints]),
        ):
            for each, times in Counter(found).items():
                if times > 1:
                    yield f"{text} {each}"

    def person(self, actor: Actor) -> Person | None:
        """Return who this account belongs to; another tenant's is nobody's."""
        if actor.tenant != self.tenant:
            return None
        return next((p for p in self.people if actor.id in p.accounts), None)

    def approvers(self, endpoint: Endpoint) -> tuple[Person, ...]:
        """Return who may decide a change of `endpoint`; a guest never may."""
        rule = endpoint.approval
        return tuple(
            p
            for p in self.people
            if not p.guest
            and set(rule.roles) & set(p.roles)
            and (not rule.people or p.name in rule.people)
        )

    def escalation(self, endpoint: Endpoint) -> Escalation:
        """Return who is called when about an alert that nobody acknowledges."""
        by_tier = self.escalations.get(endpoint.tier, BY_TIER[endpoint.tier])
        return endpoint.escalation or by_tier

    def price(self, endpoint: Endpoint, deployment: str, kind: str) -> float | None:
        """Return what an instance of this type costs an hour, None when nobody said."""
        own = {name.lower(): price for name, price in endpoint.prices.items()}
        shared = {name.lower(): price for name, price in self.prices.items()}
        found = own.get(deployment.lower(), own.get(kind.lower()))
        return shared.get(kind.lower()) if found is None else found

    def kept_days(self, tier: Tier) -> int:
        """Return for how long a tier's frozen objects are kept, in days."""
        return self.retention_days.get(tier, KEPT_DAYS[tier])

    def in_sight(self, arm_id: str, conversation: str) -> bool:
        """Return whether a conversation may see an endpoint: its own channel may.

        So may a chat of one person with the bot, and the risk channel, where it is called
        about the endpoint. In a group chat anybody can be: it sees what is said in it by
        the watch list, and nothing else.
        """
        endpoint = self.endpoint(arm_id)
        if endpoint is None:
            return False
        if _SHARED not in conversation:
            return True
        seen = [endpoint.channel]
        if self.risk_channel and self.escalation(endpoint).risk_minutes:
            seen.append(self.risk_channel)
        return any(self.channels[key].id == conversation for key in seen)

    def is_foreign_chat(self, conversation: str) -> bool:
        """Return whether it is a group chat that this file does not name."""
        known = any(c.id == conversation for c in self.channels.values())
        return conversation.endswith(_CHAT) and not known

    def endpoint(self, arm_id: str) -> Endpoint | None:
        """Return the watched endpoint with this ARM id, in any letter case."""
        wanted = arm_id.lower()
        return next((e for e in self.endpoints if e.id == wanted), None)

    def named(self, name: str) -> tuple[Endpoint, ...]:
        """Return the watched endpoints with this short name, in any letter case."""
        return tuple(e for e in self.endpoints if e.name == name.lower())

    def of_model(self, name: str) -> tuple[Endpoint, ...]:
        """Return the endpoints that serve a model, or that have this short name."""
        wanted = name.lower()
        return tuple(
            e
            for e in self.endpoints
            if wanted in (e.name, e.model.lower(), e.model.lower().partition(":")[0])
        )

    @property
    def workspaces(self) -> frozenset[str]:
        """Return the ARM ids of all workspaces that hold a watched endpoint."""
        return frozenset(about.workspace(e.id) for e in self.endpoints)

    def resolve(self, alert: Alert) -> Endpoint | None:
        """Return the watched endpoint that `alert` is about, or None."""
        return about.resolve(self.endpoints, alert)

    def about(self, alert: Alert) -> tuple[Endpoint, ...]:
        """Return every watched endpoint that the alert is about: see `about.targets`."""
        return about.targets(self.endpoints, alert)
