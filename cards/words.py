"""The one cleaner of text that others wrote: alerts, Azure, people, data.

Cleaned text is for TextRun alone: TextBlock and FactSet read it as Markdown and make
links of it. What must stand in those goes through `identifier` or `person`.
"""

import re
import unicodedata

_READ = 8  # characters looked at for one that is shown; the rest is cut unread
_MARKS = 2  # combining marks kept on one letter; more would cover other lines
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters that draw nothing
_VARIANTS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def clean(text: str, limit: int = 200, *, empty: str = "(empty)") -> str:
    r"""Return foreign text as one harmless line of at most `limit` UTF-16 units.

    Direction marks, invisible and control characters go; secrets and numbers that name
    a person are blanked; `{{` and `<at>` are broken, so that no client acts on them.

    >>> clean("{{DATE(x)}}\n a\u202eb").replace(" ", "_")
    '{_{DATE(x)}_}_ab'
    """
    shown = redact(_visible(text[: _READ * (limit + 40)]))
    shown = re.sub(r"\{(?=\{)", "{ ", shown)
    shown = re.sub(r"\}(?=\})", "} ", shown)
    shown = re.sub(r"<(?=\s*/?\s*at\b)", "\u2039", shown, flags=re.IGNORECASE)
    return cut(shown, limit) or empty


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept: list[str] = []
    marks = _MARKS  # none may open the text: it would land on our own words
    for char in _VARIANTS.sub("", text):
        category = unicodedata.category(char)
        if char in _BLANK or category in ("Cc", "Zs", "Zl", "Zp"):
            kept.append(" ")
            marks = _MARKS
        elif category in ("Mn", "Me"):
            marks += 1
            kept.append(char if marks <= _MARKS else "")
        elif category[0] != "C":
            # mathematical letters forge bold and italic text
            styled = "\U0001d400" <= char <= "\U0001d7ff"
            kept.append(unicodedata.normalize("NFKC", char) if styled else char)
            marks = 0
    return " ".join("".join(kept).split())


def cut(text: str, limit: int) -> str:
    """Return `text` in at most `limit` UTF-16 units, "…" at the end if it was longer.

    >>> cut("abcdef", 4), len(cut("😀" * 9, 5).encode("utf-16-le")) // 2
    ('abc…', 5)
    """
    if _units(text) <= limit:
        return text
    used, end = 1, 0  # one unit for the ellipsis
    for end, char in enumerate(text):  # noqa: B007 - the index is the result
        used += _units(char)
        if used > limit:
            break
    while end and unicodedata.combining(text[end]):
        end -= 1  # a letter keeps all of its marks, or goes with them
    return text[:end].rstrip() + "…"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


_SECRETS = re.compile(
    r"eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"  # JWT
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\w\s+/=\\]*(?:-----END[A-Z ]*-----)?"
    r"|(?<=bearer )[\w.~+/=-]{8,}"
    r"|(?<=sig=)[\w%+/=-]+"  # shared access signature
    r"|\b[\w~.-]{3}\dQ~[\w~.-]{31,34}"  # client secret of Entra
    r"|\b[A-Za-z0-9+/]{86}=="  # key of a storage account, without its name
    r"|\bgh[pousr]_\w{20,}|\bAKIA[0-9A-Z]{16}\b|(?<=pwd=)\S+"
    r"|(?<=accountkey=)[\w+/=]+|(?<=password=)\S+|(?<=secret=)\S+|(?<=api-key:)\s*\S+",
    re.IGNORECASE,
)
_NAMED = re.compile(  # pwd=…, "client_secret": "…"; but no "secret: of ours"
    r"(\b[\w-]{0,40}(?:password|passwd|pwd|secret|token|account_?key|api[-_]?key)"
    r"(?:\s?=\s?[\"']?|[\"']\s?:\s?[\"']|:(?=\S)))"
    r"[^\s\"'&,;}]+",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"(\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@]{1,80}:)[^\s/@]+(?=@)", re.IGNORECASE
)
_PHONE = re.compile(r"(?<![\w.])\+\d(?:[ ().-]{0,2}\d){7,14}")
_SSN = re.compile(r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)")
_CARD = re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.])")
_IBAN = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}(?![A-Z0-9])")


def redact(text: str) -> str:
    """Return `text` without tokens, keys, payment card, IBAN, phone and SSN numbers.

    >>> redact("pan 4111 1111 1111 1111, run 4111111111111112")
    'pan [removed], run 4111111111111112'
    >>> redact("Server=db;Pwd=hunter2 and abc8Q~" + "x" * 34)
    'Server=db;Pwd=[removed] and [removed]'
    >>> redact('{"client_secret": "hunter2"} postgresql://bot:hunter2@db')
    '{"client_secret": "[removed]"} postgresql://bot:[removed]@db'
    """
    text = unsecret(text)
    for pattern in (_SSN, _PHONE):
        text = pattern.sub("[removed]", text)
    text = _CARD.sub(lambda m: "[removed]" if _luhn(m[0]) else m[0], text)
    return _IBAN.sub(lambda m: "[removed]" if _iban(m[0]) else m[0], text)


def unsecret(text: str) -> str:
    """Return `text` without tokens, keys and passwords; its numbers stay, as in ids."""
    for named in (_LOGIN, _NAMED):
        text = named.sub(r"\1[removed]", text)
    return _SECRETS.sub("[removed]", text)


def _luhn(number: str) -> bool:
    digits = [int(c) for c in reversed(number) if c.isdigit()]
    doubled = (d * 2 - 9 * (d > 4) for d in digits[1::2])  # noqa: PLR2004
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _iban(text: str) -> bool:
    packed = text.replace(" ", "")
    return int("".join(str(int(c, 36)) for c in packed[4:] + packed[:4])) % 97 == 1


_LINKED = re.compile(r"(?<=\w)://|\bwww\.(?=\w)", re.IGNORECASE)


def unlinked(text: str) -> str:
    """Return text for a message without a card: clients make links of addresses there.

    >>> unlinked("see https://evil.example/x or www.evil.example")
    'see https: //evil.example/x or www. evil.example'
    """
    return _LINKED.sub(lambda m: ": //" if m[0] == "://" else f"{m[0]} ", text)


def identifier(name: str) -> str:
    """Return the name of an endpoint or deployment, safe in Markdown.

    Azure allows letters, digits and "-" in both; whatever else claims to be one is
    shown with "-" in its place.

    >>> identifier("loan-v2"), identifier("[a](https://evil.example)")
    ('loan-v2', '-a--https---evil-example-')
    """
    return cut(re.sub(r"[^A-Za-z0-9-]", "-", redact(name[:200])) or "-", 48)


_NOT_MODEL = re.compile(
    r"[^A-Za-z0-9:.-]|(?<!\d)\.|\.(?!\d)|:(?!\d+$)"  # "v1.2:3", but no address
)


def model_name(name: str) -> str:
    """Return a model and its version, safe in Markdown.

    >>> model_name("credit-risk:14"), model_name("v1.2 evil.example"), model_name("")
    ('credit-risk:14', 'v1.2-evil-example', 'not known')
    """
    kept = _NOT_MODEL.sub("-", redact(name[:200]))
    return cut(kept, 48) or "not known"


def person(name: str) -> str:
    """Return a display name, safe in Markdown and between <at> tags.

    >>> person("Weber, Jonas (Risk)"), person("<at>a</at> [x](evil.example)")
    ('Weber, Jonas (Risk)', 'at a at x (evil. example)')
    """
    kept = re.sub(r"[^\w ,.()'\u2019-]|_", " ", clean(name, 60, empty=""))
    kept = re.sub(r"\.(?=[^\s.])", ". ", kept)  # a bare host becomes a link
    return " ".join(kept.split()) or "somebody"
