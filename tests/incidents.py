"""Ready-made alerts and incidents for the tests."""

from datetime import datetime

from bot.incident import Alert, AlertReceived, Incident
from tests.conftest import NOW

ENDPOINT = (
    "/subscriptions/44444444-aaaa-4bbb-8ccc-000000000004/resourcegroups/rg-risk-prod"
    "/providers/microsoft.machinelearningservices/workspaces/mlw-risk-prod"
    "/onlineendpoints/loan-prescreening"
)
NEW = Incident(id="", group_key=f"{ENDPOINT} data-drift", endpoint=ENDPOINT)


def alert(
    *,
    fingerprint: str = "f-1",
    status: str = "firing",
    starts_at: datetime = NOW,
    kind: str = "data-drift",
) -> Alert:
    return Alert(
        source="tests",
        kind=kind,  # type: ignore[arg-type]
        fingerprint=fingerprint,
        status=status,  # type: ignore[arg-type]
        severity=2,
        title="loan-drift-daily",
        starts_at=starts_at,
        resources=(ENDPOINT,),
    )


def received(at: datetime = NOW, **changes: object) -> AlertReceived:
    return AlertReceived(at=at, alert=alert(**changes), delivery="d-1")  # type: ignore[arg-type]
