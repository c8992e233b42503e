"""Every setting, from WATCHKEEPER_… variables or the `settings` of watchkeeper.yaml."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bot import strict_yaml
from bot.addresses import insecure, loopback, mixed, web
from bot.watch import WatchList

PREFIX = "WATCHKEEPER_"
_SECRETS = (1, 2)  # of url-secret: the second while they are changed
_SHORTEST_SECRET = 16  # characters
_TRACES = re.compile(r"(log|otlp:https?://\S+|appinsights:\S*InstrumentationKey=\S+)?")


Url = Annotated[str, AfterValidator(web)]
NoUrl = Annotated[str, AfterValidator(lambda given: given and web(given))]  # or ""


class Misconfigured(Exception):
    """The process must not start; one line for each thing to mend."""


class Settings(BaseModel):
    """Field descriptions are the README's table."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    host: str = Field("127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(3978, ge=0, le=65535, description="port to listen on")
    public_url: NoUrl = Field("", description="where people reach our pages")
    database_url: str = Field(
        "sqlite:///.watchkeeper/watchkeeper.db",
        description="sqlite:///FILE or postgresql://user@host/database",
    )
    database_identity: str = Field(
        "",
        description="managed identity that signs in to PostgreSQL, without a password",
    )
    watch_file: Path = Field(Path("watchkeeper.yaml"), description="the watch list")
    tenant_id: str = Field("", description="Entra tenant; the watch list's if empty")
    bot_app_id: str = Field("", description="client id of the bot; required by serve")
    bot_identity: str = Field(
        "", description="managed identity that vouches for the bot; its own if empty"
    )
    bot_issuer: str = Field(
        "https://api.botframework.com", description="who signs Teams' calls"
    )
    bot_openid_url: Url = Field(
        "https://login.botframework.com/v1/.well-known/openidconfiguration",
        description="where Teams' signing keys are found",
    )
    bot_login_url: Url = Field(
        "https://login.microsoftonline.com", description="where the bot gets its token"
    )
    graph_url: NoUrl = Field(
        "",
        description="Microsoft Graph, to look for a card whose send was in doubt; "
        "needs the consent ChannelMessage.Read.Group",
    )
    service_url_allow: str = Field(
        "https://smba.trafficmanager.net",
        description="origins of Teams that we answer to, separated by commas",
    )
    workflow_url: NoUrl = Field(
        "",
        description="a Workflows address of Teams, told what no channel and no owner "
        "could be; it is a secret",
    )
    alert_auth: Literal["entra", "url-secret", "none"] = Field(
        "entra", description="how action groups prove who they are"
    )
    alert_audience: str = Field(
        "", description="client id or api://… that callers ask tokens for"
    )
    alert_jwks_url: NoUrl = Field("", description="Entra's signing keys; the tenant's")
    alert_secrets: str = Field(
        "", description="for url-secret: one or two, separated by a comma"
    )
    event_auth: Literal["entra", "url-secret", "none"] = Field(
        "entra", description="how Event Grid proves who it is"
    )
    read_auth: Literal["entra", "none", ""] = Field(
        "",
        description="who may read incidents, evidence and the gate: entra (our people, and "
        "applications with the role Watchkeeper.Read) or none; if empty, none only where "
        "ALERT_AUTH is",
    )
    event_role: str = Field(
        "AzureEventGridSecureWebhookSubscriber", description="role that it must have"
    )
    event_subscriptions: str = Field(
        "", description="names of our event subscriptions, by commas; any if empty"
    )
    azure_management_url: Url = Field(
        "https://management.azure.com", description="Azure Resource Manager"
    )
    azure_logs_url: Url = Field(
        "https://api.loganalytics.io", description="Log Analytics"
    )
    portal_seconds: float = Field(
        300,
        ge=0,
        description="how often an open alert's state is read from Azure; 0: never, and "
        "it is not set there either",
    )
    reader_client_id: str = Field("", description="managed identity that reads Azure")
    executor_client_id: str = Field(
        "", description="managed identity that moves traffic; execute alone"
    )
    trainer_client_id: str = Field(
        "", description="managed identity that submits retraining jobs; execute alone"
    )
    operation_poll_s: float = Field(
        5, gt=0, le=60, description="seconds between looks at a move under way"
    )
    operation_limit_s: float = Field(
        1200, gt=0, le=7200, description="seconds after which a move is called stuck"
    )
    operation_settles_s: float = Field(
        60,
        gt=0,
        le=600,
        description="seconds that a change without an answer may take to be seen",
    )
    evidence_url: str = Field(
        ".watchkeeper/evidence", description="folder (or blob container) for evidence"
    )
    anchor_url: str = Field(
        "",
        description="where signed heads of the log are kept: a folder, a blob container, "
        "or a Git repository (git+/path.git, git+https://…#branch); EVIDENCE_URL if empty",
    )
    anchor_seconds: int = Field(
        60, ge=1, le=86400, description="how often heads are copied there"
    )
    key_file: Path = Field(
        Path(".watchkeeper/keys.json"),
        description="keys that sign buttons and the log; made at the first start",
    )
    key_secret_url: NoUrl = Field(
        "",
        description="a secret of Key Vault that holds those keys instead "
        "(https://NAME.vault.azure.net/secrets/keys), kept in memory alone; serve alone",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="how much is logged"
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="json: one object a line, for Log Analytics"
    )
    traces: str = Field(
        "", description="where spans go: log, otlp:URL or appinsights:CONNECTION"
    )
    drain_seconds: float = Field(
        0, ge=0, le=20, description="told to stop: how long /readyz says so beforehand"
    )

    def problems(self, *, talks: bool = True) -> list[str]:
        """Return what stands against starting; `talks`: the process that serves."""
        found = []
        if talks and not self.bot_app_id:
            found.append("BOT_APP_ID is empty: anybody could pose as Teams")
        for name in ("alert_auth", "event_auth", "read_auth"):
            if getattr(self, name) == "none" and not loopback(self.host):
                found.append(
                    f"{name.upper()}=none is only for a loopback host, not {self.host}"
                )
            if getattr(self, name) == "url-secret":
                found += self._secrets(name.upper())
        if talks and "entra" in (self.alert_auth, self.event_auth):
            found += [] if self.alert_audience else ["ALERT_AUDIENCE is empty"]
        found += self._addresses()
        if talks and not self.origins:
            found.append(
                "SERVICE_URL_ALLOW is empty: nobody in Teams could be answered"
            )
        for origin in self.origins:
            if insecure(origin):
                found.append(f"SERVICE_URL_ALLOW: {origin} is not https")
        if not _TRACES.fullmatch(self.traces):
            found.append("TRACES is none of log, otlp:URL, appinsights:CONNECTION")
        return found

    @property
    def read_by_all(self) -> bool:
        """Return whether anybody who reaches us may read: in the demo."""
        return (self.read_auth or self.alert_auth) == "none"

    @property
    def origins(self) -> tuple[str, ...]:
        given = self.service_url_allow.split(",")
        return tuple(o.strip().rstrip("/") for o in given if o.strip())

    @property
    def subscriptions(self) -> frozenset[str]:
        given = self.event_subscriptions.lower().split(",")
        return frozenset(n.strip() for n in given if n.strip())

    @property
    def poll(self) -> timedelta:
        return timedelta(seconds=self.operation_poll_s)

    @property
    def limit(self) -> timedelta:
        return timedelta(seconds=self.operation_limit_s)

    @property
    def settles(self) -> timedelta:
        return timedelta(seconds=self.operation_settles_s)

    @property
    def pages(self) -> str:
        """Return where our pages are, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def secrets(self) -> tuple[str, ...]:
        given = self.alert_secrets.split(",")
        return tuple(s.strip() for s in given if s.strip())

    def _secrets(self, used_by: str) -> list[str]:
        if not self.secrets:
            return [f"{used_by}=url-secret needs ALERT_SECRETS"]
        if len(self.secrets) not in _SECRETS:
            return ["ALERT_SECRETS: one secret, or two while it is changed"]
        if any(len(secret) < _SHORTEST_SECRET for secret in self.secrets):
            return [
                f"ALERT_SECRETS: a secret has {_SHORTEST_SECRET} characters at least"
            ]
        return []

    def _addresses(self) -> list[str]:
        """A local cloud with one public address left in would send tokens out."""
        four = (
            "azure_management_url",
            "azure_logs_url",
            "bot_openid_url",
            "bot_login_url",
        )
        clouds = mixed({name.upper(): getattr(self, name) for name in four})
        found = [clouds] if clouds else []
        found += [
            f"{name.upper()}: {_bare(url)} is not https"
            for name in (
                *four,
                "graph_url",
                "alert_jwks_url",
                "workflow_url",
                "key_secret_url",
            )
            if (url := getattr(self, name)) and insecure(url)
        ]
        found += [] if self.anchor_url.startswith("git+") else self._kept("anchor_url")
        path = urlsplit(self.key_secret_url).path
        if self.key_secret_url and not re.fullmatch(r"/secrets/[\w-]+(/\w*)?", path):
            found.append(
                "KEY_SECRET_URL: expected https://NAME.vault.azure.net/secrets/NAME"
            )
        return found + self._kept("evidence_url") + self._git()

    def _kept(self, name: str) -> list[str]:
        given: str = getattr(self, name)
        if given.startswith("git+"):
            return [f"{name.upper()}: Git is for heads of the log: ANCHOR_URL"]
        scheme, colon, _ = given.partition("://")
        if not (colon and insecure(given)):
            return []
        what = "is no folder and no blob container (https://ACCOUNT.blob.…/CONTAINER)"
        return [f"{name.upper()}: {scheme}:// {what}"]

    def _git(self) -> list[str]:
        """A head that goes out over plain HTTP could be held back by anybody between."""
        kind, plus, where = self.anchor_url.partition("+")
        if not plus or kind != "git":
            return []
        scheme, colon, _ = where.partition("://")
        if not where.strip("/#"):
            return ["ANCHOR_URL: git+ needs a path or an address behind it"]
        if colon and scheme not in ("ssh", "file") and insecure(where):
            return [f"ANCHOR_URL: {_bare(where)} is not https, ssh or a path"]
        return []


def _bare(url: str) -> str:
    """Return `url` without what may be secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}"


def load(environment: dict[str, str] | None = None) -> tuple[Settings, WatchList]:
    """Return settings and watch list. Raises Misconfigured, a line for each mistake."""
    given = dict(os.environ if environment is None else environment)
    values: dict[str, Any] = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in given.items()
        if name.startswith(PREFIX)
    }
    path = Path(values.get("watch_file", "watchkeeper.yaml"))
    document = _yaml(path)
    from_file = document.pop("settings", {})
    if not isinstance(from_file, dict):
        raise Misconfigured(f"{path}: settings must be names with values")
    named = {str(name).lower(): value for name, value in from_file.items()}
    settings = _settings({**named, **values})
    watch = _watch(document, path)
    if settings.tenant_id and settings.tenant_id.lower() != watch.tenant:
        raise Misconfigured(f"TENANT_ID is not the tenant that {path} names")
    return settings, watch


def _yaml(path: Path) -> dict[str, Any]:
    try:
        return strict_yaml.read(path)
    except strict_yaml.NotYaml as error:
        raise Misconfigured(str(error)) from None


def read_watch(path: Path) -> WatchList:
    """Return the watch list in a file alone. Raises Misconfigured."""
    document = _yaml(path)
    document.pop("settings", None)
    return _watch(document, path)


def _settings(values: dict[str, Any]) -> Settings:
    try:
        return Settings(**values)
    except ValidationError as error:
        lines = [
            f"{PREFIX}{'.'.join(str(p) for p in e['loc']).upper()}: {_mend(e)}"
            for e in error.errors()
        ]
        raise Misconfigured("\n".join(lines)) from None


def _watch(document: dict[str, Any], path: Path) -> WatchList:
    try:
        return WatchList.model_validate(document)
    except ValidationError as error:
        lines = [
            f"{path}: {'.'.join(str(p) for p in e['loc']) or 'the file'}: {_mend(e)}"
            for e in error.errors()
        ]
        raise Misconfigured("\n".join(lines)) from None


def _mend(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "there is no such setting"
    return str(error["msg"]).removeprefix("Value error, ")
