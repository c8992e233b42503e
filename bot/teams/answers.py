"""A desk's answers in the words of the protocol. Pure.

https://learn.microsoft.com/adaptive-cards/authoring-cards/universal-action-model#response-format
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/task-modules/task-modules-bots
"""

from typing import Any, TypeAlias

from bot.turns import Answer, Card, Dialog, Found, Nothing, Say, ShowCard, Wrong

Body: TypeAlias = dict[str, Any]
CARD = "application/vnd.microsoft.card.adaptive"
_MESSAGE = "application/vnd.microsoft.activity.message"
_ERROR = "application/vnd.microsoft.error"
_CODES = {400: "BadRequest", 403: "Forbidden", 409: "Conflict", 500: "InternalError"}
_TITLE = "Watchkeeper"


def pressed(answer: Answer) -> Body:
    """Return the body for an Action.Execute; the HTTP status is 200 whatever it says."""
    match answer:
        case ShowCard(card):
            return {"statusCode": 200, "type": CARD, "value": card}
        case Say(text):
            return {"statusCode": 200, "type": _MESSAGE, "value": text}
        case Wrong(text, status):
            value = {"code": _CODES[status], "message": text}
            return {"statusCode": status, "type": _ERROR, "value": value}
        case Nothing() | Found():
            return {"statusCode": 200, "type": _MESSAGE, "value": "Noted."}
        case Dialog(card):
            return {"statusCode": 200, "type": CARD, "value": card}


def dialog(answer: Answer) -> Body:
    """Return the body for task/fetch and task/submit; {} closes the dialog."""
    match answer:
        case Dialog(card, title):
            return _open(card, title)
        case ShowCard(card):
            return _open(card, _TITLE)
        case Say(text) | Wrong(text):
            return {"task": {"type": "message", "value": text}}
        case Nothing() | Found():
            return {}


def searched(answer: Answer) -> Body:
    """Return the body for composeExtension/query.

    https://learn.microsoft.com/microsoftteams/platform/messaging-extensions/how-to/search-commands/respond-to-search
    """
    match answer:
        case Found(results) if results:
            shown = [_result(*each) for each in results]
            found = {"type": "result", "attachmentLayout": "list", "attachments": shown}
        case Say(text) | Wrong(text):
            found = {"type": "message", "text": text}
        case _:
            found = {"type": "message", "text": "Nothing was found."}
    return {"composeExtension": found}


def _result(card: Card, title: str, line: str) -> Body:
    short = {"title": title, "text": line}
    preview = {
        "contentType": "application/vnd.microsoft.card.thumbnail",
        "content": short,
    }
    return {"contentType": CARD, "content": card, "preview": preview}


def _open(card: Card, title: str) -> Body:
    shown = {"contentType": CARD, "content": card}
    value = {"title": title, "height": "large", "width": "medium", "card": shown}
    return {"task": {"type": "continue", "value": value}}
