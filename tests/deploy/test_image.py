"""deploy/Dockerfile and compose.yaml, without a container engine.

Running the steps takes minutes: `python -m tests.bench.image`.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.deploy import image

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())


def test_the_linter_has_nothing_to_say() -> None:
    """
    Hadolint knows the usual mistakes of the file and of the shell in it.
    """
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, check=False)

    assert (b"", 0) == (done.stdout, done.returncode)


def test_the_service_is_nobody_and_can_be_asked_how_it_is() -> None:
    service = image.stages(DOCKERFILE.read_text("utf-8"))[-3]

    assert "service" == service.name
    assert "10001:10001" == service.last("USER")
    assert ["watchkeeper", "serve"] == [
        *image.command(service.last("ENTRYPOINT")),
        *image.command(service.last("CMD")),
    ]
    assert "/healthz" in service.last("HEALTHCHECK")


def test_the_last_stage_is_the_service() -> None:
    """
    Whoever names no target must not deploy the demo.
    """
    last = image.stages(DOCKERFILE.read_text("utf-8"))[-1]

    assert ("service", []) == (last.base, last.steps)


def test_what_the_steps_copy_is_in_the_context() -> None:
    ignore = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    kept = {line[1:] for line in ignore if line.startswith("!")}
    copied = {
        source
        for stage in image.stages(DOCKERFILE.read_text("utf-8"))
        for word, text in stage.steps
        if word == "COPY" and not text.startswith("--from")
        for source in text.split()[:-1]
    }

    assert kept == copied
    assert [] == [name for name in copied if not (ROOT / name).exists()]


def test_compose_gives_away_nothing() -> None:
    """
    A read-only root, no capabilities, and only this machine may knock.
    """
    for name in ("demo", "door"):
        service = COMPOSE["services"][name]
        assert service["read_only"], name
        assert ["ALL"] == service["cap_drop"], name
    ports = [p for s in COMPOSE["services"].values() for p in s.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert "demo" == COMPOSE["services"]["demo"]["build"]["target"]
    assert COMPOSE["networks"]["inside"]["internal"]
