"""The bot's registration: who it is, and which addresses it may talk to."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

CONNECTOR_SCOPE = "https://api.botframework.com/.default"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"


def origin(url: str) -> str:
    """Return scheme, host and port of `url`; ValueError if we must not speak to it.

    Plain http is for this machine alone.

    >>> origin("https://smba.trafficmanager.net/emea/")
    'https://smba.trafficmanager.net'
    >>> origin("http://smba.trafficmanager.net/emea/")
    Traceback (most recent call last):
    ValueError: plain http to another machine
    """
    if not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
        raise ValueError("not an address")
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    if not host or parts.username is not None or parts.password is not None:
        raise ValueError("not an address")
    if parts.scheme not in ("https", "http"):
        raise ValueError("neither https nor http")
    if parts.scheme == "http" and not _loopback(host):
        raise ValueError("plain http to another machine")
    shown = f"[{host}]" if ":" in host else host
    standard = port in (None, 443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{shown}" + ("" if standard else f":{port}")


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The bot as it is registered. ValueError if it could not be safe.

    An empty app id would switch the SDK's authentication off; it never starts.
    """

    app_id: str
    tenant: str
    allowed: tuple[str, ...]  # origins of service URLs
    issuer: str = "https://api.botframework.com"
    openid_url: str = (
        "https://login.botframework.com/v1/.well-known/openidconfiguration"
    )
    login_url: str = "https://login.microsoftonline.com"
    graph_url: str = ""  # "": messages cannot be looked up
    workflow_url: str = ""  # a secret; "": there is none

    def __post_init__(self) -> None:
        for name in ("app_id", "tenant", "issuer"):
            if not getattr(self, name).strip():
                raise ValueError(f"the bot's {name} is empty")
        if not self.allowed:
            raise ValueError("no service URL is allowed")
        for url in (*self.allowed, self.openid_url, self.login_url):
            origin(url)
        for url in filter(None, (self.graph_url, self.workflow_url)):
            origin(url)

    def allows(self, service_url: str) -> bool:
        """Return whether our token may be sent to `service_url`."""
        try:
            return origin(service_url) in {origin(url) for url in self.allowed}
        except ValueError:
            return False
