"""What people can ask for: one module per command, each ending in its `COMMANDS`.

A command that changes something turns an `Ask` into events, or refuses in words for a
person. One that only reads names the card that answers it. Neither ever acts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Literal, TypeAlias

from bot.incident import Actor, EndpointState, Event, Incident, Refused
from bot.watch import Endpoint, Person, Role, WatchList

About: TypeAlias = Literal[
    "incident",
    "incident or nothing",  # else what is named is a model or an endpoint
    "request",
    "endpoint or incident",  # without an open incident, a new one
    "endpoint",  # its own history: `Store.ledger`
    "nothing",
]
Words: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Who asks for what, when, and the incident that it is about."""

    actor: Actor
    person: Person
    now: datetime
    watch: WatchList
    incident: Incident
    endpoint: Endpoint
    words: Words = field(default_factory=dict)  # "reason", "target", "note", "request"
    ledger: Incident | None = None  # what is recorded of the endpoint itself
    live: EndpointState | None = None  # as it is right now; None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing to ask for. `words` reads what is typed behind the verb."""

    verb: str
    usage: str
    does: str
    about: About = "nothing"
    roles: frozenset[Role] = frozenset()  # (): everyone in the tenant may
    guests: bool = False
    words: Callable[[str], Words] = lambda _: {}
    decide: Callable[[Ask], tuple[Event, ...]] | None = None  # changes something
    card: str = ""  # answers a command that only reads
    preview: str = ""  # the card that answers it when it is asked with --dry-run
    looks: bool = False  # Azure is asked for the live state before it decides
    examples: tuple[str, ...] = ()  # as people type them
    listed: str = ""  # the card that answers when what is asked for is no incident

    def answers(self, words: Words) -> str:
        """Return the card that answers, "" when the command changes something."""
        return (self.preview if words.get("dry_run") else "") or self.card

    @property
    def _doing(self) -> str:
        """Return what a sentence calls it: "alerts" is a word, and nothing to do."""
        return f'ask for "{self.verb}"' if self.card else self.verb

    def permit(self, actor: Actor, watch: WatchList) -> Person:
        """Return who asks; Refused, naming who can, when it is not theirs to ask."""
        person = watch.person(actor)
        if person is None and actor.tenant != watch.tenant:
            raise Refused("Only people of this organisation can do that.")
        if person is None:
            person = Person(name=actor.name or "Somebody", accounts=(actor.id,))
        if person.guest and not self.guests:
            raise Refused(f"A guest cannot {self._doing}. {who_can(self, watch)}")
        if self.roles and not self.roles & set(person.roles):
            raise Refused(f"You cannot {self._doing} here. {who_can(self, watch)}")
        return person


def who_can(command: Command, watch: WatchList) -> str:
    """Return a sentence that names up to three people who may."""
    if not command.roles:
        return "Only members of this organisation can."
    able = [
        p.name for p in watch.people if command.roles & set(p.roles) and not p.guest
    ]
    if not able:
        return "Nobody in the watch list has the role for it."
    more = f" and {len(able) - 3} more" if len(able) > 3 else ""  # noqa: PLR2004 above
    return f"Who can: {', '.join(able[:3])}{more}."


@cache
def commands() -> Mapping[str, Command]:
    """Return every command by verb, from every module in this package."""
    modules = (import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__))
    found = [command for module in modules for command in module.COMMANDS]
    return {command.verb: command for command in found}
