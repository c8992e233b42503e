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
    figure = Reading(
        metric=f"{line(found.get('ThresholdType')) or 'Actual'} cost",
        value=number(found.get("SpentAmount")),
        threshold=number(found.get("NotificationThresholdAmount")),
        breached_when="above",
        unit=line(found.get("Unit")),
    )
    return (
        alert(
            document,
            source="budget",
            kind="cost",
            title=title(budget, figure) if budget else "Budget alert",
            readings=(figure,),
            dimensions={"budget": budget} if budget else {},
        ),
    )


def title(budget: str, figure: Reading) -> str:
    """Return what is said of a budget: Azure also tells of one that is not yet spent."""
    if figure.metric.lower().startswith("forecast"):
        return f"Budget {budget} is forecast to go over its limit"
    if figure.breached is False:
        unit = f" {figure.unit}" if figure.unit else ""
        return f"Budget {budget} is at {figure.value:g} of {figure.threshold:g}{unit}"
    return f"Budget {budget} is over its limit"
