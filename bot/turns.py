"""What people do in Teams and what we answer: the words between chat and desk.

`bot.teams` makes turns of activities that passed its gate; a `Desk` answers them.
Nothing here knows the Bot Framework.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from bot.incident import Actor

Card: TypeAlias = dict[str, Any]
# What a card writes into a button's data. Teams sends the card's inputs merged into
# the same object, so no input may have one of these ids.
CARD_DATA = frozenset(
    {"verb", "dialog", "id", "incident", "rev", "revision", "request", "nonce", "t"}
    | {"key", "ref"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """Somebody did something. Who it was comes from the authenticated activity alone.

    `conversation` is the channel or chat without ";messageid="; `thread` is the root
    message of the thread, "" outside of one.
    """

    actor: Actor
    conversation: str
    thread: str = ""
    activity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed(_Turn):
    """A message to the bot. `activity` is the message.

    `text` is what was written without the mention of the bot, blanks made plain; other
    people's mentions are their names.
    """

    text: str
    place: "Installed | None" = None  # where it was said, for who does not know it yet


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clicked(_Turn):
    """A button. `activity` is the message that holds the card, `id` this one click.

    `data` is all that the client sent, as text; it is a claim and decides nothing.
    """

    id: str = ""
    data: Mapping[str, str] = field(default_factory=dict)

    @property
    def inputs(self) -> Mapping[str, str]:
        """Return what the person filled in: the data that no card of ours writes."""
        return {k: v for k, v in self.data.items() if k not in CARD_DATA}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed(_Clicked):
    """Action.Execute, or the Action.Submit that stands in for it.

    "automatic" is a client that refreshes a card by itself; it never changes state.
    """

    verb: str
    trigger: Literal["manual", "automatic"] = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogAsked(_Clicked):
    """A button that opens a dialog (task/fetch). `verb` is the dialog's name."""

    verb: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogSent(_Clicked):
    """A dialog was filled in and sent (task/submit)."""

    verb: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched(_Turn):
    """Somebody looks for evidence to put into a message (composeExtension/query)."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """The bot can speak in `conversation` from now on.

    `reference` is what `Chat` needs to do so; keep it as JSON under the conversation.
    The reference of one channel serves every channel of its `team`.
    """

    conversation: str
    reference: Mapping[str, Any]
    team: str = ""
    name: str = ""  # of the channel, when Teams tells it
    person: str = ""  # Entra object id, when it is a personal chat


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Authentic, but nothing for us: why, for the log. No desk hears it."""

    why: str


Turn: TypeAlias = Typed | Pressed | DialogAsked | DialogSent | Searched | Installed


# -- answers -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Nothing:
    """Understood; whatever follows comes as a message. Closes a dialog."""


@dataclass(frozen=True, slots=True)
class ShowCard:
    """Show this card to the one who clicked, in place of the one he clicked on.

    To `Typed`: a reply in the thread, tried once.
    """

    card: Card


@dataclass(frozen=True, slots=True)
class Say:
    """One sentence to the one who clicked. To `Typed`: a reply in the thread."""

    text: str


@dataclass(frozen=True, slots=True)
class Dialog:
    """Open a dialog, or replace the one that is open."""

    card: Card
    title: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """The click cannot be served: shown as an error. 400: theirs, 500: ours."""

    text: str
    status: Literal[400, 403, 409, 500] = 400


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked for: each with its card, a title and a line. () when nothing."""

    results: tuple[tuple[Card, str, str], ...]


Answer: TypeAlias = Nothing | ShowCard | Say | Dialog | Wrong | Found


class Desk(Protocol):
    async def hear(self, turn: Turn) -> Answer:
        """Write down what `turn` changes and answer, well within five seconds."""
