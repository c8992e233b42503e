"""Which part of the pack speaks to which rule. A map for readers, not a legal opinion."""

from bot.evidence.sections import Section

# rule, what it asks for in our words, sections (keys) that speak to it
RULES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "SR 26-2, ongoing monitoring",
        "monitoring is planned, carried out and its gaps are known",
        ("plan", "findings", "gaps"),
    ),
    (
        "SR 26-2, ongoing monitoring",
        "breaches of thresholds are followed up in time, thresholds are controlled",
        ("breaches", "levels", "thresholds", "decisions"),
    ),
    (
        "SR 26-2, ongoing monitoring",
        "issues are tracked to their end; changes of what serves are controlled",
        ("open", "rollbacks", "locks"),
    ),
    (
        "EU AI Act, article 12",
        "events are recorded automatically and can be traced",
        ("breaches", "decisions", "proof.json"),
    ),
    (
        "EU AI Act, article 26(5)",
        "deployers monitor operation, inform, and suspend use where there is a risk",
        ("plan", "breaches", "rollbacks", "levels"),
    ),
    (
        "EU AI Act, article 72",
        "data on performance is collected and reviewed over the system's life",
        ("plan", "findings", "breaches", "thresholds"),
    ),
    (
        "EU AI Act, article 73",
        "serious incidents are found and can be reported in time, with their records",
        ("breaches", "levels", "decisions", "open"),
    ),
)


def mapping() -> Section:
    return Section(
        key="mapping",
        title="Where to look for what a rule asks",
        columns=("rule", "asks_that", "sections"),
        rows=tuple((rule, asks, ", ".join(keys)) for rule, asks, keys in RULES),
        says=(
            "The pack holds records that speak to these rules. Whether they suffice is "
            "for the people responsible to judge."
        ),
    )
