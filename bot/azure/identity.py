"""Who we are to Azure: one rule, for the service, its checks and the command line."""

from contextlib import AsyncExitStack
from typing import TypeAlias

from azure.identity import DefaultAzureCredential, ManagedIdentityCredential, aio

Identity: TypeAlias = aio.ManagedIdentityCredential | aio.DefaultAzureCredential


def credential(client_id: str, stack: AsyncExitStack) -> Identity:
    """Return the named managed identity; without a name, whatever the machine offers.

    `stack` closes it.
    """
    made = (
        aio.ManagedIdentityCredential(client_id=client_id)
        if client_id
        else aio.DefaultAzureCredential()
    )
    stack.push_async_callback(made.close)
    return made


def blocking(client_id: str) -> ManagedIdentityCredential | DefaultAzureCredential:
    """Return the same for the SDKs that block a thread."""
    if client_id:
        return ManagedIdentityCredential(client_id=client_id)
    return DefaultAzureCredential()
