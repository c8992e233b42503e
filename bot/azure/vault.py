"""The keys that sign, fetched from Azure Key Vault and kept in memory alone.

As a secret: Key Vault's own keys know RSA and the elliptic curves of NIST, no Ed25519.
"""

from urllib.parse import urlsplit

from azure.core.credentials_async import AsyncTokenCredential
from azure.keyvault.secrets.aio import SecretClient

from bot.azure.cloud import Cloud
from bot.azure.errors import speaking_of

_TRIES = 4  # about 20 s: a vault is throttled for seconds, and a start waits for it


def address(url: str) -> tuple[str, str, str | None]:
    """Return vault, name and version of a secret; ValueError when it is none's address.

    >>> address("https://v.vault.azure.net/secrets/keys/")
    ('https://v.vault.azure.net', 'keys', None)
    >>> address("https://v.vault.azure.net/secrets/keys/0a1b")
    ('https://v.vault.azure.net', 'keys', '0a1b')
    """
    parts = urlsplit(url)
    path = [each for each in parts.path.split("/") if each]
    named = len(path) in (2, 3) and path[0] == "secrets"
    if not named or not parts.hostname or parts.query or parts.username:
        raise ValueError(
            "a secret of Key Vault: https://NAME.vault.azure.net/secrets/NAME"
        )
    version = path[2] if path[2:] else None
    return f"{parts.scheme}://{parts.netloc}", path[1], version


async def secret(
    url: str, credential: AsyncTokenCredential, tries: int = _TRIES
) -> str:
    """Return what the secret at `url` holds. Raises Unavailable, Impossible, ValueError."""
    vault, name, version = address(url)
    wire = Cloud(vault, vault)  # of the wire alone: plain http on this machine only
    client = SecretClient(
        wire.management,
        credential,
        # Only a vault's own domain is given a token for vaults.
        verify_challenge_resource=not wire.simulated,
        transport=wire.aio_transport(),
        retry_total=tries,
    )
    async with client:
        with speaking_of(f"the secret {name} of the vault"):
            found = await client.get_secret(name, version)
    return found.value or ""
