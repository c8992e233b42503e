"""The identity that a check asks Azure with."""

from contextlib import AsyncExitStack

from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential


def credential(
    client: str, stack: AsyncExitStack
) -> ManagedIdentityCredential | DefaultAzureCredential:
    """Return the named managed identity; without a name, whatever the machine offers."""
    made: ManagedIdentityCredential | DefaultAzureCredential = (
        ManagedIdentityCredential(client_id=client)
        if client
        else DefaultAzureCredential()
    )
    stack.push_async_callback(made.close)
    return made
