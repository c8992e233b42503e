"""`watchkeeper gate`: may a pipeline roll something out now?"""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import typer

TIME_OUT_S = 20
PORT = 3978


def gate(
    endpoint: Annotated[str, typer.Argument(help="name of a watched endpoint")],
    deployment: Annotated[str, typer.Argument(help="the deployment to release")],
    url: Annotated[
        str,
        typer.Option(
            envvar="WATCHKEEPER_PUBLIC_URL",
            help="where serve listens [default: http://127.0.0.1:3978]",
        ),
    ] = "",
    token: Annotated[
        str, typer.Option(envvar="GATE_TOKEN", help="bearer token of the pipeline")
    ] = "",
    format: Annotated[  # noqa: A002 - the option's name
        Literal["text", "json"], typer.Option(help="how to print the answer")
    ] = "text",
    state: Annotated[
        Path | None, typer.Option(help="folder of a demo, instead of an address")
    ] = None,
) -> None:
    """Ask the service: exit code 0 go, 1 do not, 2 it could not be asked.

    Ask when the deployment is made, before it takes traffic: one that is not there, or
    an Azure that does not answer, speaks against it.

    Example: watchkeeper gate loan-prescreening blue --url https://watchkeeper.example
    """
    found = _ask(url or _address(state), endpoint, deployment, token)
    if format == "json":
        typer.echo(json.dumps(found))
    else:
        typer.echo(f"{'go' if found['pass'] else 'do not'} ({found['evidence']})")
        for reason in found["reasons"]:
            typer.echo(f"  {reason}")
    raise SystemExit(0 if found["pass"] else 1)


def _address(state: Path | None) -> str:
    """Return where the demo that keeps its state there listens; by default, the usual."""
    if state is None:
        return f"http://127.0.0.1:{PORT}"
    try:
        told = (state / "serve.env").read_text("utf-8")
    except OSError:
        _refuse(f"no demo keeps its state in {state}; name the service with --url")
    found = re.search(r"^export WATCHKEEPER_PORT=(\d+)$", told, re.MULTILINE)
    return f"http://127.0.0.1:{found[1] if found else PORT}"


def _ask(url: str, endpoint: str, deployment: str, token: str) -> dict[str, Any]:
    parts = [urllib.parse.quote(p, safe="") for p in (endpoint, deployment)]
    address = f"{url.rstrip('/')}/api/gate/{'/'.join(parts)}"
    if not address.startswith(("http://", "https://")):
        _refuse("the address is no http or https one")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 checked above
    try:
        with urllib.request.urlopen(request, timeout=TIME_OUT_S) as answer:  # noqa: S310
            found = json.load(answer)
    except urllib.error.HTTPError as error:
        _refuse(f"the service answered {error.code}{_said(error)}")
    except (OSError, ValueError):
        _refuse("the service does not answer")
    if not (isinstance(found, dict) and isinstance(found.get("pass"), bool)):
        _refuse("the answer cannot be read")
    return dict(found)


def _said(error: urllib.error.HTTPError) -> str:
    """Return what the service said with its refusal, ": no such endpoint" or ""."""
    try:
        told = json.loads(error.read(10_000))
        return f": {told['error']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _refuse(why: str) -> NoReturn:
    typer.echo(f"watchkeeper: {why}", err=True)
    raise SystemExit(2)


COMMANDS = (gate,)
