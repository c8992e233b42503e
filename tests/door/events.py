"""Azure ML's events, as Event Grid delivers them."""

from typing import Any

WORKSPACE = (
    "/subscriptions/aaaa0a0a-bb1b-cc2c-dd3d-eeeeee4e4e4e/resourcegroups/rg-ml-prod"
    "/providers/microsoft.machinelearningservices/workspaces/mlw-prod"
)


def event(kind: str, data: Any, **fields: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "topic": WORKSPACE.upper().replace("/SUBSCRIPTIONS", "/subscriptions"),
        "subject": "experiments/e/runs/r",
        "eventType": f"Microsoft.MachineLearningServices.{kind}",
        "eventTime": "2026-11-20T07:02:11.1Z",
        "data": data,
        "dataVersion": "",
        **fields,
    }
