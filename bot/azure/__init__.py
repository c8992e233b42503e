"""Azure as the worker sees it: the Workspace and Mover ports on Microsoft's own SDKs.

`AzureWorkspace` reads with the reader's identity, `AzureMover` moves traffic with the
executor's. Neither ever sees the other's credential.
"""

from bot.azure.mover import AzureMover
from bot.azure.workspace import AzureWorkspace

__all__ = ["AzureMover", "AzureWorkspace"]
