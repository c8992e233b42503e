"""Azurite, Microsoft's local Blob Storage, from npm: on a free port, in memory."""

import base64
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

from azure.storage.blob import (
    BlobServiceClient,
    ContainerSasPermissions,
    generate_container_sas,
)

from tests.ports import free_port

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "node_modules/azurite/dist/src/blob/main.js"
PATIENCE_S = 60


@dataclass(frozen=True)
class Azurite:
    url: str
    account: str
    key: str

    def container(self, name: str) -> str:
        """Make a container, and return its address without a signature."""
        credential = {"account_name": self.account, "account_key": self.key}
        with BlobServiceClient(self.url, credential=credential) as service:
            service.create_container(name)
        return f"{self.url}/{name}"

    def signed(self, container: str, permissions: str, *, folder: str = "") -> str:
        """Return the container's address with a signature for "racwdl" of these."""
        sas = generate_container_sas(
            self.account,
            container.rsplit("/", 1)[-1],
            account_key=self.key,
            permission=ContainerSasPermissions.from_string(permissions),
            expiry=datetime.now(UTC) + timedelta(hours=1),
        )
        return f"{container}{folder}?{sas}"


def node() -> str | None:
    own = ROOT / ".venv/bin/node"
    return shutil.which("node") or (str(own) if own.exists() else None)


@contextmanager
def azurite(folder: Path) -> Iterator[Azurite]:
    """Run it until the block ends."""
    key, port = base64.b64encode(secrets.token_bytes(64)).decode(), free_port()
    words = [str(node()), str(PROGRAM), "--inMemoryPersistence", "--disableTelemetry"]
    words += ["--skipApiVersionCheck", "--silent", "--blobPort", str(port)]
    with (folder / "azurite.log").open("wb") as log:
        child = subprocess.Popen(  # noqa: S603 our own program
            words,
            cwd=folder,
            env={**os.environ, "AZURITE_ACCOUNTS": f"house:{key}"},
            stdout=log,
            stderr=log,
        )
    try:
        _wait(child, port, folder)
        yield Azurite(f"http://127.0.0.1:{port}/house", "house", key)
    finally:
        child.terminate()
        child.wait(10)


def _wait(child: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and child.poll() is None:
        try:
            urlopen(f"http://127.0.0.1:{port}/", timeout=5)
        except OSError as error:
            if hasattr(error, "code"):  # it answers, if only with a refusal
                return
            time.sleep(0.05)
    raise RuntimeError((folder / "azurite.log").read_text() or "Azurite did not start")
