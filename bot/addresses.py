"""Addresses in settings: what one may look like, and whose cloud it leads into."""

import ipaddress
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

LOCAL: Final = "this machine"
PUBLIC: Final = "the public cloud"
PRIVATE: Final = "a private cloud"
_CLOUDS: Final[Mapping[str, tuple[str, ...]]] = {
    PUBLIC: (
        *("azure.com", "loganalytics.io", "botframework.com", "microsoftonline.com"),
        *("windows.net", "microsoft.com", "trafficmanager.net"),
    ),
    "the US Government's cloud": (
        *("usgovcloudapi.net", "loganalytics.us", "azure.us", "microsoft.us"),
        *("microsoftonline.us", "botframework.us", "usgovtrafficmanager.net"),
    ),
    "the cloud in China": ("chinacloudapi.cn", "azure.cn", "microsoftonline.cn"),
}


def loopback(host: str) -> bool:
    """Return whether `host` is a name or an address of this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def cloud(url: str) -> str:
    """Return whose cloud `url` leads into; a host nobody knows is a private cloud's.

    >>> cloud("https://management.azure.com"), cloud("http://127.0.0.1:3979")
    ('the public cloud', 'this machine')
    >>> cloud("https://management.usgovcloudapi.net")
    "the US Government's cloud"
    >>> cloud("https://azure.com.evil.example")
    'a private cloud'
    """
    host = (_host(url) or "").rstrip(".")
    if loopback(host):
        return LOCAL
    for name, domains in _CLOUDS.items():
        if any(host == d or host.endswith(f".{d}") for d in domains):
            return name
    return PRIVATE


def mixed(urls: Mapping[str, str]) -> str:
    """Return what is wrong when addresses, by setting, lead into several clouds, or "".

    One address left at its default among a private cloud's would send tokens there.

    >>> mixed({"A": "https://management.azure.com", "B": "http://localhost:1"})
    'A still points at the public cloud while others are local'
    """
    found = {name: cloud(url) for name, url in urls.items()}
    kinds = set(found.values())
    if len(kinds) < 2:  # noqa: PLR2004 one cloud, or none
        return ""
    public = [name for name, kind in found.items() if kind == PUBLIC]
    if public:
        others = "local" if LOCAL in kinds else f"of {min(kinds - {PUBLIC})}"
        verb = "points" if len(public) == 1 else "point"
        return f"{', '.join(public)} still {verb} at {PUBLIC} while others are {others}"
    said = ", ".join(f"{name} is of {kind}" for name, kind in found.items())
    return f"addresses of different clouds: {said}"


def web(given: str) -> str:
    """Return `given`; ValueError unless it is an address of the web."""
    try:
        parts = urlsplit(given)
        named = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:  # a broken IPv6 address, a port that is no number
        named = False
    if not named or any(character.isspace() for character in given):
        raise ValueError("expected an address that begins with https://")
    return given


def insecure(url: str) -> bool:
    """Return whether tokens to `url` could be read on the way: plain http, not local."""
    try:
        scheme = urlsplit(url).scheme
    except ValueError:  # no address at all
        return True
    return scheme != "https" and not loopback(_host(url) or "")


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:  # a broken IPv6 address
        return None


def places(given: str) -> list[str]:
    """Return the places in a setting that names one, or several by commas.

    >>> places("heads, git+https://example.org/heads.git#main")
    ['heads', 'git+https://example.org/heads.git#main']
    """
    return [place for each in given.split(",") if (place := each.strip())]
