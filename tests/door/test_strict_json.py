import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.strict_json import MAX_MEMBERS, MAX_VALUES, NotJson, parse

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
PIECES = [
    *rb"""{ } [ ] " \ \u d83d 0000 , : 1 - e9 . NaN true a""".split(),
    b" ",
    b"\xff",
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=40,
)


@settings(deadline=None)
@given(VALUES)
def test_ordinary_json_is_read_as_it_stands(value: Any) -> None:
    assert value == parse(json.dumps(value).encode())
    assert value == parse(json.dumps(value, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "expecting value"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ('{"a": 1}'.encode("utf-16-le"), "property name"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
        ('{"a": 1}'.encode("utf-32-be"), "expecting value"),
        (b'"\xc0\xaf"', "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b'{"a": 1, "\\u0061": 2}', "twice"),
        (b'[{"x": {"a": 1, "a": 1}}]', "twice"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b"1e999", "too large"),
        (b"-1e999", "too large"),
        (b"1" * 400, "too large"),
        (b"1" * 300_000, "too long"),
        (b"0." + b"1" * 100_000, "too long"),
        (b'"\\ud800"', "surrogate"),
        (b'"\\udc00\\ud800"', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
        (b'[[["a\\u0000b"]]]', "NUL"),
        (b'"\x00"', "control"),
        (b"[" * 65 + b"]" * 65, "nested"),
        (b"[" * 1_000_000, "nested"),
        (b'{"a":' * 100_000, "nested"),
        (b"[" + b"0," * MAX_VALUES + b"0]", "values"),
        (b"{" + b",".join(b'"%d":0' % i for i in range(MAX_MEMBERS + 1)) + b"}", "mem"),
        (b"{}{}", "extra data"),
        (b"{'a': 1}", "property name"),
        (b"[1,]", "value"),
        (b"+1", "value"),
    ],
)
def test_what_parsers_disagree_about_is_refused(body: bytes, why: str) -> None:
    """
    Two readers that see two things in one body are how a check is walked around.
    """
    with pytest.raises(NotJson, match=why):
        parse(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"[" * 64 + b"]" * 64, None),
        (b'["' + b"[{" * 5000 + b'"]', ["[{" * 5000]),
        (b'["' + b"," * MAX_VALUES + b'"]', ["," * MAX_VALUES]),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"\\\\u0000"', "\\u0000"),
        (b'"\\\\ud800"', "\\ud800"),
        (b"18446744073709551615", 2**64 - 1),
        (b"-9223372036854775808", -(2**63)),
        ('"リスク"'.encode(), "リスク"),
        (b" \n true\t", True),
    ],
)
def test_the_edge_of_what_is_taken(body: bytes, value: Any) -> None:
    found = parse(body)

    assert value is None or value == found


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"[-0, -0.0, 1E5, 5e-324]", "[0, -0.0, 100000.0, 5e-324]"),
        (b"[999999999999999999]", "[999999999999999999]"),
        (b"[-9999999999999999999]", "[-9999999999999999999]"),
        (b"[99999999999999999999]", "[99999999999999999999]"),
        (b"[999999999999999999999]", "[1e+21]"),
        (b"[0.1234567890123456789012345]", "[0.12345678901234568]"),
        ('{"\x7fé": "a:b,c"}'.encode(), "{'\\x7fé': 'a:b,c'}"),
    ],
)
def test_the_fast_half_reads_what_the_slow_one_does(body: bytes, value: str) -> None:
    """
    What has no escapes goes through another reader; types and signs are as they were.
    """
    slow = parse(body[:-1] + b"\n" + body[-1:].rjust(40_000))

    assert value == repr(parse(body)) == repr(slow)


@pytest.mark.parametrize("key", ["", "a", "é", "long" * 40])
def test_a_key_that_stands_twice_is_found_by_its_quotes(key: str) -> None:
    for value in ("0", '"text"', "{}", '["a", {"b": "c"}]'):
        twice = f'[{{"x": 1, "{key}": {value}, "y": "{key}", "{key}": {value}}}]'
        with pytest.raises(NotJson, match="twice"):
            parse(twice.encode())


def test_the_depth_limit_is_the_caller_s() -> None:
    assert [[[]]] == parse(b"[[[]]]", max_depth=3)
    with pytest.raises(NotJson, match="more than 2"):
        parse(b"[[[]]]", max_depth=2)


def test_the_nan_of_python_s_writer_is_nothing_when_asked() -> None:
    """
    Azure ML writes its breached rows with Python, NaN included.
    """
    assert {"a": None} == parse(b'{"a": NaN}', nan_is_null=True)


@settings(max_examples=500, deadline=None)
@example(b'"' + b'\\"' * 50_000 + b"[" * 70)
@example(b"]" * 70 + b"[" * 70)
@given(
    st.binary()
    | st.lists(
        st.sampled_from(PIECES),
        max_size=200,
    ).map(b"".join)
)
def test_no_bytes_make_it_raise_anything_else(body: bytes) -> None:
    """
    Whatever is sent, the door has one thing to catch.
    """
    try:
        value = parse(body)
    except NotJson:
        return
    assert json.loads(body) == value


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"18446744073709551615", 2**64 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b"123456789012345678901", 1.2345678901234568e20),
        (b"-100000000000000000000000", -1e23),
    ],
)
def test_an_integer_of_more_than_64_bits_is_a_double(body: bytes, value: float) -> None:
    """
    A counter that a rule measured may be huge; the alert is not lost for it.
    """
    found = parse(b"[" + body + b"]")

    assert [value] == found
    assert type(value) is type(found[0])
