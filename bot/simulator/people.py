"""Who is in the simulated tenant, and the channels they talk in."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.simulator.identity import BOT_APP, TENANT
from bot.watch import Channel, Person, Role

OTHER_TENANT = "11111111-aaaa-4bbb-8ccc-000000000099"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account that can write and click. Several can belong to one `person`."""

    key: str  # in addresses: POST /sim/people/{key}/say
    person: str  # the human being, as the watch list names her
    name: str  # as Teams shows it
    oid: str  # Entra object id
    teams_id: str  # "29:…", as the Bot Connector names her
    upn: str
    tenant: str = TENANT
    guest: bool = False
    roles: tuple[Role, ...] = ()  # (): not in the watch list


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A channel of the team, or a group chat, by its thread id."""

    key: str  # as the watch list names it
    id: str
    name: str
    members: tuple[str, ...]  # keys of accounts


def _account(
    number: int,
    key: str,
    person: str,
    *roles: Role,
    name: str = "",
    guest: bool = False,
    tenant: str = TENANT,
) -> Account:
    domain = "contoso.example" if tenant == TENANT else "fabrikam.example"
    return Account(
        key=key,
        person=person,
        name=name or person,
        oid=f"77777777-aaaa-4bbb-8ccc-{number:012}",
        teams_id=f"29:1{key}-{number:04}",
        upn=f"{key}@{domain}",
        tenant=tenant,
        guest=guest,
        roles=roles,
    )


PRIYA = _account(1, "priya", "Priya Raman", "owner", "operator")
JONAS = _account(2, "jonas", "Jonas Weber", "operator")
MEI = _account(3, "mei", "Mei Chen", "approver")
SAM = _account(4, "sam", "Sam Okafor", "risk")
ANA = _account(5, "ana", "Ana Silva", "viewer")
# One human being with two accounts: she must not approve what she asked for.
LENA = _account(6, "lena", "Lena Vogt", "operator", "approver")
LENA_ADMIN = _account(
    7, "lena-admin", "Lena Vogt", "operator", "approver", name="Lena Vogt (admin)"
)
# A guest who was given a role that no guest may use.
GUEST = _account(
    8, "chris", "Chris Doyle", "approver", name="Chris Doyle (Guest)", guest=True
)
# Another tenant's user in a shared channel; the watch list does not know her.
OUTSIDER = _account(9, "olga", "Olga Petrova", tenant=OTHER_TENANT)

ACCOUNTS = (PRIYA, JONAS, MEI, SAM, ANA, LENA, LENA_ADMIN, GUEST, OUTSIDER)
_OURS = tuple(a.key for a in ACCOUNTS if a.tenant == TENANT)

TEAM = "19:risk-models@thread.tacv2"
TEAM_NAME = "Risk models"
ALERTS = Conversation(
    key="model-alerts",
    id="19:model-alerts@thread.tacv2",
    name="model-alerts",
    members=_OURS,
)
SHARED = Conversation(
    key="platform",
    id="19:ml-platform@thread.tacv2",
    name="ml-platform",
    members=(*_OURS, OUTSIDER.key),
)
CONVERSATIONS = (ALERTS, SHARED)
# A group chat that the watch list does not name: a guest reads along.
CREW = Conversation(
    key="release-crew",
    id="19:release-crew@thread.v2",
    name="Release crew",
    members=(PRIYA.key, JONAS.key, ANA.key, GUEST.key),
)
BOT_NAME = "Watchkeeper"
BOT_TEAMS_ID = f"28:{BOT_APP}"


def people() -> Iterator[Person]:
    """Yield the watch list's people: each human being once, with all accounts."""
    for name in dict.fromkeys(a.person for a in ACCOUNTS if a.roles):
        hers = [a for a in ACCOUNTS if a.person == name]
        yield Person(
            name=name,
            accounts=tuple(a.oid for a in hers),
            guest=hers[0].guest,
            roles=hers[0].roles,
        )


def channels() -> dict[str, Channel]:
    """Return the watch list's channels by their names."""
    return {
        c.key: Channel(id=c.id, name=c.name, time_zone="Europe/Berlin")
        for c in CONVERSATIONS
    }
