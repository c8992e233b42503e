"""`watchkeeper package`: what Teams would say about the app."""

import io
import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from bot.__main__ import application
from bot.commands import commands
from bot.package import icons
from bot.package.manifest import manifest, package
from bot.settings import Misconfigured, Settings

ROOT = Path(__file__).parents[2]
SCHEMA: dict[str, Any] = json.loads(
    (
        ROOT / "tests/fixtures/teams-manifest/MicrosoftTeams.v1.30.schema.json"
    ).read_text()
)
BOT = "12345678-0000-4000-8000-000000000001"


def settings(**more: str) -> Settings:
    given = {"bot_app_id": BOT, "public_url": "https://watchkeeper.example.com"}
    return Settings.model_validate(given | more)


def pixels(png: bytes) -> bytes:
    """Return the rows; compressed they differ from one zlib to the next."""
    start = png.index(b"IDAT")
    (length,) = struct.unpack(">I", png[start - 4 : start])
    return zlib.decompress(png[start + 4 : start + 4 + length])


@pytest.mark.parametrize("graph", ["", "https://graph.microsoft.com"])
def test_teams_takes_the_manifest(graph: str) -> None:
    wrong = jsonschema.Draft4Validator(SCHEMA).iter_errors(
        manifest(settings(graph_url=graph))
    )

    assert [] == [f"{list(e.path)}: {e.message}" for e in wrong]


def test_a_consent_is_asked_for_only_if_it_is_used() -> None:
    """
    Reading a team's messages is much to ask; without GRAPH_URL nobody is asked.
    """
    without = manifest(settings())
    with_graph = manifest(settings(graph_url="https://graph.microsoft.com"))

    assert "authorization" not in without
    assert "webApplicationInfo" not in without
    assert [{"name": "ChannelMessage.Read.Group", "type": "Application"}] == (
        with_graph["authorization"]["permissions"]["resourceSpecific"]
    )


def test_the_command_list_is_the_commands() -> None:
    """
    A list kept by hand promises what the bot no longer does.
    """
    shown = manifest(settings())["bots"][0]["commandLists"][0]["commands"]

    assert {c["title"] for c in shown} <= set(commands())
    assert min(12, len(commands())) == len(shown)
    assert "help" in {c["title"] for c in shown}


def test_the_zip_is_what_teams_expects() -> None:
    with zipfile.ZipFile(io.BytesIO(package(settings()))) as archive:
        names = sorted(archive.namelist())
        sizes = {
            name: struct.unpack(">II", archive.read(name)[16:24])
            for name in names
            if name.endswith(".png")
        }

    assert ["color.png", "manifest.json", "outline.png"] == names
    assert {"color.png": (192, 192), "outline.png": (32, 32)} == sizes


def test_the_same_settings_make_the_same_app() -> None:
    """
    An app id that changed would be a second app beside the first.
    """
    assert package(settings()) == package(settings())


def test_the_pictures_are_what_the_script_draws() -> None:
    folder = ROOT / "deploy" / "icons"

    assert pixels(icons.color()) == pixels((folder / "color.png").read_bytes())
    assert pixels(icons.outline()) == pixels((folder / "outline.png").read_bytes())


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"bot_app_id": ""}, "BOT_APP_ID is empty"),
        ({"public_url": ""}, "PUBLIC_URL is empty"),
        ({"public_url": "http://here"}, "http://here is not https"),
    ],
)
def test_a_missing_setting_is_named(more: dict[str, str], said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        manifest(settings(**more))


def test_the_command_writes_it(tmp_path: Path) -> None:
    output = tmp_path / "app.zip"
    environment = {
        "WATCHKEEPER_WATCH_FILE": str(ROOT / "deploy" / "watchkeeper.yaml"),
        "WATCHKEEPER_BOT_APP_ID": BOT,
        "WATCHKEEPER_PUBLIC_URL": "https://watchkeeper.example.com",
    }
    done = CliRunner(env=environment).invoke(
        application(), ["package", "--output", str(output)]
    )

    assert 0 == done.exit_code
    assert zipfile.is_zipfile(output)
