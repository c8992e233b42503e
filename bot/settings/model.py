"""Every setting. Field descriptions are the README's table."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bot.addresses import web

Url = Annotated[str, AfterValidator(web)]
NoUrl = Annotated[str, AfterValidator(lambda given: given and web(given))]  # or ""


def _file(given: Path) -> Path:
    if str(given).strip() in {"", "."}:
        raise ValueError("it has to name a file")
    return given


File = Annotated[Path, AfterValidator(_file)]


class Settings(BaseModel):
    """What one process was told. Each value is looked at here; together: `safe`."""

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
    watch_file: File = Field(Path("watchkeeper.yaml"), description="the watch list")
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
        le=86400,
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
        ".watchkeeper/evidence",
        min_length=1,
        description="folder (or blob container) for evidence",
    )
    evidence_resource: str = Field(
        "",
        pattern=r"^(/subscriptions/[^?#]+/containers/[^/?#]+)?$",
        description="ARM id of that container: `check` asks whether its policy is locked",
    )
    anchor_url: str = Field(
        "",
        description="where signed heads of the log are kept: a folder, a blob container, "
        "or a Git repository (git+/path.git, git+https://…#branch), several by commas; "
        "EVIDENCE_URL if empty",
    )
    anchor_seconds: int = Field(
        60, ge=1, le=86400, description="how often heads are copied there"
    )
    key_file: File = Field(
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
