"""The pure parts: addresses, words, queries and what became of a change."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import HttpResponseError
from hypothesis import example, given
from hypothesis import strategies as st

from bot.azure.arm import Document, state_of
from bot.azure.cloud import Cloud
from bot.azure.errors import plain_words, retry_after, translated
from bot.azure.queries import ALLOWED, QUERIES, compose
from bot.azure.splice import spliced
from bot.azure.traffic import Way, changed, in_words, judged, same
from bot.incident import Deployment, EndpointState
from bot.ports import Ambiguous, Impossible, Unavailable
from tests.azure.conftest import FIXTURES

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
NAMES = st.sampled_from(["blue", "green", "red"])
SPLITS = st.dictionaries(NAMES, st.integers(0, 100))


def state(traffic: dict[str, int], provisioning: str = "Succeeded") -> EndpointState:
    return EndpointState(
        at=AT,
        traffic=traffic,
        deployments=tuple(
            Deployment(name=n, provisioning_state="Succeeded")
            for n in ("blue", "green", "red")
        ),
        provisioning_state=provisioning,
        digest="d",
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.7:80",
        "http://management.azure.com",
        "ftp://127.0.0.1",
        "https://",
    ],
)
def test_a_token_never_goes_over_plain_http(url: str) -> None:
    with pytest.raises(ValueError, match="http on this machine alone"):
        Cloud(management_url=url)


def test_a_simulator_and_a_real_cloud_are_not_mixed() -> None:
    with pytest.raises(ValueError, match="mixed"):
        Cloud("http://127.0.0.1:3979", "https://api.loganalytics.io")


def test_a_storage_token_is_for_one_account() -> None:
    """
    A data asset may point to anybody's account; it must not get a key to ours.
    """
    address, audience = Cloud().blob_account("evil", "core.windows.net")

    assert "https://evil.blob.core.windows.net" == address == audience


@given(SPLITS, st.dictionaries(st.sampled_from(["old", "older"]), st.just(0)))
def test_a_missing_deployment_serves_nothing(
    split: dict[str, int], idle: dict[str, int]
) -> None:
    assert same(split, split | idle)
    assert in_words(split) == in_words(split | idle)


@given(SPLITS)
def test_only_traffic_is_ever_changed(wanted: dict[str, int]) -> None:
    before = {
        "kind": "Managed",
        "x": 1,
        "properties": {"traffic": {"blue": 100}, "y": 2},
    }
    live = state({"blue": 100})
    try:
        raw = json.dumps(before).encode()
        body = json.loads(changed(Document(before, "d", raw), live, live, wanted))
    except Impossible:
        assert sum(wanted.values()) != 100
    else:
        assert same(body["properties"]["traffic"], wanted)
        assert {**body, "properties": 0} == {**before, "properties": 0}
        assert 2 == body["properties"]["y"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=4)


@given(OBJECTS, OBJECTS, SPLITS, st.sampled_from([None, 1]), st.booleans())
def test_the_traffic_is_exchanged_in_any_document(
    top: dict[str, object],
    inner: dict[str, object],
    wanted: dict[str, int],
    indent: int | None,
    plain: bool,  # noqa: FBT001 hypothesis gives them by place
) -> None:
    document = {**top, "properties": inner}
    raw = json.dumps(document, indent=indent, ensure_ascii=plain).encode()
    told = json.loads(spliced(raw, wanted))

    assert {**document, "properties": {**inner, "traffic": wanted}} == told


def test_every_other_byte_stays() -> None:
    """
    Numbers beyond a float, escapes, spaces and a name that stands twice are Azure's.
    """
    raw = (
        b'{ "kind":"Managed", "big": 12345678901234567890.1234567890, "e": 1E400,\r\n'
        b'"traffic": {"not": 1}, "properties" : {"a": "\\u00fc \xc3\xbc \\/",'
        b'"traffic":{"blue": 1},"mirrorTraffic":{"green":10}, "traffic" :  {"blue":90 },'
        b' "z":[{"traffic":{}}] } }'
    )
    after = spliced(raw, {"blue": 0, "green": 100})

    assert raw.replace(b'{"blue":90 }', b'{"blue": 0, "green": 100}') == after


@pytest.mark.parametrize(
    ("raw", "after"),
    [
        (b'{"properties": {}}', b'{"properties": {"traffic": {"b": 100}}}'),
        (
            b'{"properties": {"x": 1}}',
            b'{"properties": {"traffic": {"b": 100},"x": 1}}',
        ),
        (
            b'{"properties": {"traffic": null}}',
            b'{"properties": {"traffic": {"b": 100}}}',
        ),
        (
            b'\xef\xbb\xbf{"properties":{"traffic":{}}}',
            b'{"properties":{"traffic":{"b": 100}}}',
        ),
    ],
)
def test_a_document_without_traffic_gets_some(raw: bytes, after: bytes) -> None:
    assert after == spliced(raw, {"b": 100})


@pytest.mark.parametrize(
    "raw", [b"{}", b'{"properties": 1}', b'{"properties": ', b"\xff"]
)
def test_what_is_no_endpoint_is_not_written(raw: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        spliced(raw, {"blue": 100})


ENDS = st.sampled_from(["done", "failed", "stuck", "lost"])
STATES = st.sampled_from(["Succeeded", "Failed", "Canceled", "Updating", ""])


@given(SPLITS, SPLITS, SPLITS, ENDS, STATES)
def test_success_is_only_what_was_read_back(
    before: dict[str, int],
    after: dict[str, int],
    wanted: dict[str, int],
    end: str,
    provisioning: str,
) -> None:
    """
    Whatever Azure says on the way, "done" is said when it serves what was approved.
    """
    way = Way(end, "x")  # type: ignore[arg-type]
    found = state(after, provisioning)
    try:
        told = judged("loan", state(before), found, wanted, way)
    except Ambiguous:
        assert end == "stuck" or provisioning in ("Updating", "")
    except Impossible as error:
        if str(error).startswith("Nothing was changed"):
            assert same(after, before)
    else:
        assert same(told.traffic, wanted)
        assert end in ("done", "lost")


@given(st.text())
def test_no_text_of_theirs_breaks_out_of_a_query(text: str) -> None:
    for name, query in QUERIES.items():
        values = dict.fromkeys(query.parameters, text)
        try:
            sent = compose(name, values)
        except Impossible:
            continue
        head, _, rest = sent.partition("\n")
        assert query.text == rest
        assert head.count('"') == 2 * len(query.parameters)


def test_every_parameter_has_its_allow_list() -> None:
    assert {p for q in QUERIES.values() for p in q.parameters} <= set(ALLOWED)


def test_queries_name_columns_that_exist() -> None:
    """
    A column that is not there fails the whole query; the console log has no endpoint.
    """
    told = json.loads((FIXTURES / "aml_log_tables.json").read_bytes())
    for query in QUERIES.values():
        table, *names = re.findall(r"\b_?[A-Z][A-Za-z]+", query.text)
        columns = {c["name"] for c in told["tables"][table]["columns"]}
        assert set(names) <= columns


@given(st.text())
@example("http://")
def test_plain_words_are_short_and_one_line(text: str) -> None:
    words = plain_words(text)

    assert len(words) <= 160
    assert "\n" not in words
    assert "http://" not in words
    assert "https://" not in words


def test_no_token_or_address_gets_into_words() -> None:
    tenant = "5aa3ebd2-1111-2222-3333-444455556666"
    text = f"see https://x.example/?sig=abc for eyJhbGciOi.eyJzdWIi.c2ln of {tenant}"

    assert "see … for … of …" == plain_words(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("17", 17), ("0", 0), ("99999", 900), ("Wed, 21 Oct", None), ("-1", None)],
)
def test_azure_is_left_alone_as_long_as_it_asks(
    value: str, expected: int | None
) -> None:
    class Answer:
        headers = {"Retry-After": value}  # noqa: RUF012 - a stand-in

    wanted = None if expected is None else timedelta(seconds=expected)
    assert wanted == retry_after(Answer())


def test_a_failed_operation_with_status_200_is_no_success() -> None:
    error = HttpResponseError(message="failed")
    error.status_code = 200

    assert isinstance(translated(error, "it"), Impossible)


def test_a_token_that_ran_out_on_its_way_is_no_final_answer() -> None:
    """
    The next request brings a new one; to give up would leave a move without an end.
    """
    error = HttpResponseError(message="expired")
    error.status_code = 401

    assert isinstance(translated(error, "it"), Unavailable)


@pytest.mark.parametrize(
    "body",
    [
        {"properties": {"traffic": {"blue": "much"}}},
        {"properties": {"traffic": ["blue"]}},
        {"properties": 3, "tags": 4},
    ],
)
def test_a_document_of_another_shape_is_not_an_endpoint(
    body: dict[str, object],
) -> None:
    with pytest.raises(HttpResponseError, match="not an endpoint"):
        state_of(Document(body, "d"), [], AT)


def test_states_are_compared_by_what_they_serve() -> None:
    one = state({"blue": 100})

    assert same(one.traffic, replace(one, traffic={"blue": 100, "green": 0}).traffic)
