"""What the programs that tests start inherit of our environment."""

import os

# azure-ai-ml leaves the name of its newest cloud there, which no other process knows.
_OURS = ("WATCHKEEPER", "AZUREML_CURRENT_CLOUD")


def inherited() -> dict[str, str]:
    """Return the environment without what belongs to this process alone."""
    return {k: v for k, v in os.environ.items() if not k.startswith(_OURS)}
