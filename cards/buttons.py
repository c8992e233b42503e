"""The buttons of an incident's card, the same words and data on every card.

Their data is an id, a revision and a token; it decides nothing: who pressed, what they
may do and whether it still applies is read again at the click.
"""

from microsoft_teams.cards import (
    Action,
    AdaptiveCard,
    CardElement,
    Choice,
    ChoiceSetInput,
    ExecuteAction,
    OpenUrlAction,
    RefreshDefinition,
    ShowCardAction,
    SubmitAction,
    TextInput,
    ToggleInput,
)

from bot.approval.proposal import spelled
from cards.care import DECISIONS
from cards.findings import state
from cards.view import View
from cards.words import identifier, model_name


def data(view: View, verb: str, ref: str = "") -> dict[str, object]:
    """Return what a button sends: which incident, as it was seen, and our signature."""
    incident = view.incident
    token = view.sign(incident.id, incident.revision)
    sent = {"verb": verb, "id": incident.id, "rev": incident.revision, "t": token}
    return {**sent, "ref": ref} if ref else sent


def execute(view: View, title: str, verb: str, ref: str = "") -> ExecuteAction:
    """Return a button that changes something; older clients submit the same data."""
    sent = data(view, verb, ref)
    return ExecuteAction(
        title=title,
        verb=verb,
        data=sent,
        fallback=SubmitAction(title=title, data=sent),
    )


def acknowledge(view: View) -> Action:
    return execute(view, "Acknowledge", "ack")


def approve(view: View, request: str) -> Action:
    return execute(view, "Approve rollback", "approve", request)


def accept() -> ToggleInput:
    """Return the tick without which what has failed cannot be approved.

    Not required by the client, which would then hold up a rejection as well.
    """
    return ToggleInput(
        id="accepts",
        label="Checks that have failed",
        title="I have read what has failed, and approve all the same.",
        value="false",
        wrap=True,
    )


def approve_retraining(view: View, request: str) -> Action:
    return execute(view, "Approve retraining", "approve", request)


def reject_retraining(view: View, request: str) -> Action:
    return _refuse(view, request, "Reject retraining")


def undo(view: View, request: str) -> Action:
    """Return the request to take a move back: one of the same kind."""
    return _ask(
        "Undo rollback",
        [_reason("Reason, shown to the approvers", "Say why in a few words.")],
        execute(view, "Send request", "undo", request),
    )


def decide(view: View) -> Action:
    """Return the record that an incident of tier 1 needs before it closes."""
    inputs: list[CardElement] = [
        ChoiceSetInput(
            id="choice",
            label="Decision",
            style="compact",
            is_required=True,
            error_message="Choose one.",
            choices=[Choice(title=t, value=v) for v, t in DECISIONS.items()],
        ),
        _reason("Reason, kept as evidence", "Say why in a few words."),
    ]
    return _ask("Record decision", inputs, execute(view, "Send decision", "decide"))


def reject(view: View, request: str) -> Action:
    return _refuse(view, request, "Reject rollback")


def _refuse(view: View, request: str, title: str) -> Action:
    return _ask(
        "Reject",
        [_reason("Why not", "Say why, so the requester can act on it.")],
        execute(view, title, "reject", request),
    )


def rollback(view: View, title: str = "Request rollback") -> Action:
    """Return the request for a rollback: the reason, and where to."""
    inputs: list[CardElement] = [
        *_targets(view),
        _reason("Reason, shown to the approvers", "Say why in a few words."),
    ]
    return _ask(title, inputs, execute(view, "Send request", "rollback"))


def _targets(view: View) -> list[CardElement]:
    """Return the choice of deployments, when there is more than one to go to."""
    live = state(view.incident)
    if live is None:
        return []
    serving = max(live.traffic, key=lambda d: live.traffic[d], default="")
    others = [
        d
        for d in live.deployments
        if d.name != serving and d.name == identifier(d.name)
    ][:10]
    if len(others) < 2:  # noqa: PLR2004
        return []
    names = [d.name for d in others]
    usual = spelled(view.endpoint.rollback_target, names)
    return [
        ChoiceSetInput(
            id="target",
            label="Move all traffic to",
            style="compact",
            placeholder="The usual rollback target",
            value=usual if usual in names else None,
            choices=[
                Choice(title=f"{d.name} ({model_name(d.model)})", value=d.name)
                for d in others
            ],
        )
    ]


def _reason(label: str, error: str) -> TextInput:
    return TextInput(
        id="reason",
        label=label,
        is_required=True,
        error_message=error,
        is_multiline=True,
        max_length=300,
    )


def _ask(title: str, inputs: list[CardElement], send: Action) -> ShowCardAction:
    return ShowCardAction(title=title, card=AdaptiveCard(body=inputs, actions=[send]))


def evidence(view: View) -> Action:
    """Return the button that opens the evidence as a dialog."""
    return _dialog(view, "Evidence", "evidence")


def snooze(view: View) -> Action:
    """Return the button that asks in a dialog until when, and why."""
    return _dialog(view, "Snooze", "snooze")


def assign(view: View) -> Action:
    return _dialog(view, "Assign", "assign")


def wake(view: View) -> Action:
    """Return the button that ends a snooze: nobody has it then."""
    return execute(view, "End snooze", "unack")


def _dialog(view: View, title: str, verb: str) -> Action:
    fetch = {"msteams": {"type": "task/fetch"}}
    return SubmitAction(title=title, data={**fetch, **data(view, verb)})


def studio(view: View) -> Action:
    return OpenUrlAction(
        title="Open in Azure ML", url=view.links.endpoint(view.endpoint)
    )


def page(view: View) -> list[Action]:
    """Return the link to our evidence page, where there is one."""
    url = view.links.evidence(view.incident.id)
    return [OpenUrlAction(title="Open evidence page", url=url)] if url else []


def refresh(view: View) -> RefreshDefinition:
    """Return the automatic refresh: Teams asks for the newest state of an old card."""
    return RefreshDefinition(
        action=ExecuteAction(
            title="Refresh", verb="refresh", data=data(view, "refresh")
        ),
        user_ids=list(view.refresh_for[:60]) or None,
    )
