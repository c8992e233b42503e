"""A command that was not carried out: why, what stayed as it was, who can do it."""

from collections.abc import Sequence

from cards.elements import band, paragraph, runs, said, statement
from cards.frame import card
from cards.view import Rendered
from cards.words import clean, person

_UNCHANGED = "Nothing was changed."


def render(
    reason: str,
    *,
    asked: str = "",
    id: str = "",  # noqa: A002 - the word of our buttons' data
    who: Sequence[str] = (),
    reference: str = "",
) -> Rendered:
    """Return the refusal.

    `asked` is what was asked for in our words ("Approve rollback"), `id` the incident
    or request, `who` the names of those who can do it, `reference` finds it in the log.
    """
    reason = reason.removesuffix(_UNCHANGED).rstrip()  # said below, once
    names = [person(n) for n in who[:6]]
    listed = " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
    can = f" {listed} can do it." if names else ""
    return card(
        [
            band("Not done", "emphasis", asked, id),
            statement(runs(said(reason, 300))),
            paragraph(f"{_UNCHANGED}{can}", spacing="Small"),
            *(
                [
                    paragraph(
                        runs("Reference ", said(reference, 40)),
                        subtle=True,
                        small=True,
                        spacing="Small",
                    )
                ]
                if reference
                else []
            ),
        ],
        [],
        summary=f"Not done: {clean(reason, 80)}",
        text=f"Not done. {clean(reason, 300)} {_UNCHANGED}{can}",
        wide=False,
    )
