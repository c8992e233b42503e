"""Azure as the worker sees it: the Workspace and Mover ports on Microsoft's own SDKs.

`AzureWorkspace` reads with the reader's identity, `AzureMover` moves traffic with the
executor's, `AzureTrainer` submits jobs with the trainer's. None ever sees another's
credential.
"""

from bot.azure.jobs import AzureTrainer
from bot.azure.mover import AzureMover
from bot.azure.workspace import AzureWorkspace

__all__ = ["AzureMover", "AzureTrainer", "AzureWorkspace"]
