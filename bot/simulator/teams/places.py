"""Where people talk with the bot: the team's channels, a group chat, personal chats."""

from dataclasses import dataclass
from typing import Any, Literal

from bot.simulator.identity import TENANT
from bot.simulator.people import (
    ACCOUNTS,
    CONVERSATIONS,
    CREW,
    TEAM,
    TEAM_NAME,
    Account,
    Conversation,
)

GROUP = "88888888-aaaa-4bbb-8ccc-000000000001"  # the team's Entra group, for Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A conversation, by the id under which the Bot Connector knows it."""

    id: str
    key: str
    name: str
    kind: Literal["channel", "group", "personal"]
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
            "isGroup": self.kind != "personal",
            "conversationType": "groupChat" if self.kind == "group" else self.kind,
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


def _place(c: Conversation, kind: Literal["channel", "group"]) -> Place:
    by_key = {a.key: a for a in ACCOUNTS}
    members = tuple(by_key[key] for key in c.members)
    return Place(id=c.id, key=c.key, name=c.name, kind=kind, members=members)


CHANNELS = tuple(_place(c, "channel") for c in CONVERSATIONS)
GROUPS = (_place(CREW, "group"),)
CHATS = tuple(
    Place(id=f"a:1{a.key}", key=a.key, name=a.name, kind="personal", members=(a,))
    for a in ACCOUNTS
    if a.tenant == TENANT
)
PLACES = {p.id: p for p in (*CHANNELS, *GROUPS, *CHATS)}


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
    for found in (*CHANNELS, *GROUPS):
        if wanted in (found.key.casefold(), found.name.casefold()):
            return found
    return None
