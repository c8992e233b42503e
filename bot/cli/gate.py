"""`watchkeeper gate`: may a pipeline roll something out now?"""

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from typing import Annotated, Any, Literal, NoReturn

import typer

from bot.cli import _here
from bot.cli._place import Database, State, find

TIME_OUT_S = 20
PORT = 3978


class _Silent(Exception):
    """The service does not answer at all."""


def gate(
    endpoint: Annotated[str, typer.Argument(help="name of a watched endpoint")],
    deployment: Annotated[str, typer.Argument(help="the deployment to release")],
    url: Annotated[
        str,
        typer.Option(
            envvar="WATCHKEEPER_PUBLIC_URL",
            help="where serve listens; else its HOST and PORT, on this machine",
        ),
    ] = "",
    token: Annotated[
        str, typer.Option(envvar="GATE_TOKEN", help="bearer token of the pipeline")
    ] = "",
    format: Annotated[  # noqa: A002 - the option's name
        Literal["text", "json"], typer.Option(help="how to print the answer")
    ] = "text",
    state: State = None,
    database: Database = "",
) -> None:
    """Ask the service: exit code 0 go, 1 do not, 2 it could not be asked.

    Ask when the deployment is made, before it takes traffic: one that is not there, or
    an Azure that does not answer, speaks against it. With --state or --database the
    answer is given from the records there, and kept among them, where no service runs.

    Example: watchkeeper gate loan-prescreening blue --url https://watchkeeper.example
    """
    found = _found(endpoint, deployment, url, token, state, database)
    if format == "json":
        typer.echo(json.dumps(found))
    else:
        typer.echo(f"{'go' if found['pass'] else 'do not'} ({found['evidence']})")
        for reason in found["reasons"]:
            typer.echo(f"  {reason}")
    raise SystemExit(0 if found["pass"] else 1)


def _found(
    endpoint: str,
    deployment: str,
    url: str,
    token: str,
    state: State,
    database: Database,
) -> dict[str, Any]:
    if state is None and not database:
        address = url or _nearby()
        try:
            return _ask(address, endpoint, deployment, token)
        except _Silent:
            _refuse(f"the service does not answer at {address}")
    place = find(state, database)
    told = _here.environment(place)
    if port := told.get("WATCHKEEPER_PORT"):
        try:
            return _ask(f"http://127.0.0.1:{port}", endpoint, deployment, token)
        except _Silent:
            pass  # it does not run: its records are there all the same
    try:
        return _here.answered(place, told, endpoint, deployment)
    except _here.CannotAnswer as error:
        _refuse(str(error))


def _nearby() -> str:
    """Return where `serve` listens on this machine, by the variables that it reads."""
    host = os.environ.get("WATCHKEEPER_HOST", "")
    everywhere = host in ("", "0.0.0.0", "::")  # noqa: S104 - is read, not bound
    port = os.environ.get("WATCHKEEPER_PORT") or PORT
    named = f"[{host}]" if ":" in host else host
    return f"http://{'127.0.0.1' if everywhere else named}:{port}"


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
        raise _Silent from None
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
    typer.echo(f"watchkeeper gate: {why}", err=True)
    raise SystemExit(2)


COMMANDS = (gate,)
