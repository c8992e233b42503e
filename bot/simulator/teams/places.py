"""Where people talk with the bot: the channels of the team, and personal chats."""

from dataclasses import dataclass
from typing import Any, Literal

from bot.simulator.identity import TENANT
from bot.simulator.people import ACCOUNTS, CONVERSATIONS, TEAM, TEAM_NAME, Account

GROUP = "88888888-aaaa-4bbb-8ccc-000000000001"  # the team's Entra group, for Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A conversation, by the id under which the Bot Connector knows it."""

    id: str
    key: str
    name: str
    kind: Literal["channel", "personal"]
    members: tuple[Account, ...]

    def view(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "key": self.key,
            "name": self.name,
            "kind": self.kind,
            "team": TEAM_NAME if self.kind == "channel" else "",
            "members": [a.key for a in self.members],
        }

    def account(self, thread: str) -> dict[str, Any]:
        """Return the `conversation` of an activity that is said here."""
        inside = f";messageid={thread}" if self.kind == "channel" and thread else ""
        return {
            "isGroup": self.kind == "channel",
            "conversationType": self.kind,
            "tenantId": TENANT,
            "id": self.id + inside,
        }

    def channel_data(self, tenant: str) -> dict[str, Any]:
        """Return the `channelData` of an activity from somebody of `tenant`."""
        data: dict[str, Any] = {"tenant": {"id": tenant}}
        if self.kind == "channel":
            team = {"id": TEAM, "name": TEAM_NAME, "aadGroupId": GROUP}
            data |= {
                "teamsChannelId": self.id,
                "teamsTeamId": TEAM,
                "channel": {"id": self.id, "name": self.name},
                "team": team,
            }
        return data


def _channels() -> tuple[Place, ...]:
    by_key = {a.key: a for a in ACCOUNTS}
    return tuple(
        Place(
            id=c.id,
            key=c.key,
            name=c.name,
            kind="channel",
            members=tuple(by_key[key] for key in c.members),
        )
        for c in CONVERSATIONS
    )


CHANNELS = _channels()
CHATS = tuple(
    Place(id=f"a:1{a.key}", key=a.key, name=a.name, kind="personal", members=(a,))
    for a in ACCOUNTS
    if a.tenant == TENANT
)
PLACES = {p.id: p for p in (*CHANNELS, *CHATS)}


def split(conversation: str) -> tuple[str, str]:
    """Return the conversation and the thread that a Bot Connector id names.

    >>> split("19:x@thread.tacv2;messageid=17")
    ('19:x@thread.tacv2', '17')
    """
    base, _, thread = conversation.partition(";messageid=")
    return base, thread


def person(name: str) -> Account | None:
    """Return the account with this key, first name, full name or id, in any case."""
    wanted = name.casefold()
    for account in ACCOUNTS:
        names = (account.key, account.oid, account.teams_id, account.name, account.upn)
        if wanted in (n.casefold() for n in names):
            return account
    return next((a for a in ACCOUNTS if wanted == a.name.casefold().split()[0]), None)


def place(name: str) -> Place | None:
    """Return the conversation with this id, key or name; a thread's id will do."""
    if found := PLACES.get(split(name)[0]):
        return found
    wanted = name.casefold()
    return next(
        (p for p in CHANNELS if wanted in (p.key.casefold(), p.name.casefold())), None
    )
