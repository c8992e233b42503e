"""What a card says of a rollback that came to nothing, or waits."""

from microsoft_teams.cards import CardElement

from bot.incident import (
    RollbackAsked,
    RollbackExpired,
    RollbackImpossible,
    RollbackRejected,
    RollbackRequested,
    RollbackStale,
)
from cards import progress
from cards.elements import Words, box, plain, quoted, runs, said
from cards.parked import notice as parked_notice
from cards.view import View
from cards.words import clean, identifier, person


def rollbacks(view: View) -> list[CardElement]:
    """Return what a person has to know of a rollback that came to nothing, or waits."""
    shown = [*progress.notices(view), *parked_notice(view)]
    newest = view.incident.last(
        RollbackAsked,
        RollbackRequested,
        RollbackImpossible,
        RollbackRejected,
        RollbackExpired,
        RollbackStale,
    )
    words: Words = ""
    match newest:
        case RollbackAsked(by=by):
            who = person(view.name(by))
            words = (
                f"{who} asked for a rollback. The endpoint is being looked at first."
            )
        case RollbackImpossible(reason=reason):
            words = runs("No rollback was requested: ", said(reason, 300))
        case RollbackRejected(request=ref, by=by, reason=reason, withdrawn=True):
            who = person(view.name(by))
            words = runs(
                f"{clean(ref, 12)} was withdrawn by {who}: ",
                quoted(reason, 300),
                " Nothing was moved.",
            )
        case RollbackStale(request=ref, reason=reason):
            words = runs(
                f"{clean(ref, 12)} is out of date: ",
                said(reason, 300),
                ". Nothing was moved; ask again.",
            )
        case RollbackRejected(request=ref, by=by, reason=reason):
            who = person(view.name(by))
            words = runs(
                f"{clean(ref, 12)} was rejected by {who}: ",
                quoted(reason, 300),
                " Nothing was moved.",
            )
        case RollbackExpired(request=ref, approved=approved):
            why = "nobody decided in time"
            if approved:
                why = "it was approved, and nothing carried it out in time"
            words = f"{identifier(ref)} expired: {why}. Nothing was moved."
        case RollbackRequested(request=ref) if view.lapsed:
            words = f"{identifier(ref)} has expired. Nothing was moved."
        case _:
            pass
    return [*([box("accent", words)] if plain(words) else []), *shown]
