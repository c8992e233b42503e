"""Cost budget alert: severity, rule and targets are null."""

from bot.incident import Alert, Reading
from bot.sources._common_alert import alert, context, service
from bot.sources._fields import Document, Route, line, mapping, number

ROUTE: Route = "alerts"


def recognises(document: Document) -> bool:
    return service(document) in {"costalerts", "costmanagement"}


def parse(document: Document) -> tuple[Alert, ...]:
    found = mapping(context(document).get("AlertData"))
    budget = line(found.get("BudgetName"))
    return (
        alert(
            document,
            source="budget",
            kind="cost",
            title=f"Budget {budget} is over its limit" if budget else "Budget alert",
            readings=(
                Reading(
                    metric=f"{line(found.get('ThresholdType')) or 'Actual'} cost",
                    value=number(found.get("SpentAmount")),
                    threshold=number(found.get("NotificationThresholdAmount")),
                    breached_when="above",
                    unit=line(found.get("Unit")),
                ),
            ),
            dimensions={"budget": budget} if budget else {},
        ),
    )
