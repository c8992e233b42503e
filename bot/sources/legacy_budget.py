"""Budget alert of the older schema. It tells no time but the start of the period."""

from bot.incident import Alert, Reading
from bot.incident.arm import arm_id
from bot.sources._fields import (
    Document,
    NotAnAlert,
    Route,
    is_schema,
    line,
    number,
    required_moment,
)
from bot.sources.budget import title

ROUTE: Route = "alerts"
_SCHEMA = "AIP Budget Notification"


def recognises(document: Document) -> bool:
    return is_schema(document, _SCHEMA)


def parse(document: Document) -> tuple[Alert, ...]:
    data = document.get("data")
    if not isinstance(data, dict):
        raise NotAnAlert("data is not an object")
    budget = line(data.get("BudgetName"))
    group = line(data.get("ResourceGroup"))
    scope = f"/subscriptions/{line(data.get('SubscriptionId'))}"
    where = arm_id(f"{scope}/resourceGroups/{group}" if group else scope)
    starts_at = required_moment(data, "BudgetStartDate")
    limit = number(data.get("NotificationThresholdAmount"))
    figure = Reading(
        metric="Actual cost",
        value=number(data.get("SpendingAmount")),
        threshold=limit,
        breached_when="above",
        unit=line(data.get("Unit")),
    )
    about = (where or "", budget, f"{starts_at:%Y-%m-%d}", str(limit))
    return (
        Alert(
            source="legacy_budget",
            kind="cost",
            fingerprint="|".join(("budget", *about)).lower(),
            status="firing",
            severity=2,
            title=title(budget or "without a name", figure),
            starts_at=starts_at,
            resources=(where,) if where else (),
            readings=(figure,),
            labels={"budget": budget} if budget else {},
        ),
    )
