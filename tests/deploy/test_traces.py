"""Spans as a collector gets them, over HTTP: OTLP, and Application Insights."""

import gzip
import json
import logging
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.util._once import Once

from bot.observe import traces

BEGUN = "ab" * 32
SECRET = "eyJhbGciOi.canary"


class Collector(ThreadingHTTPServer):
    """Keeps what was posted to it; answers as both services do."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[str, bytes]] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.got.append((self.path, body))
        answer = b"{}"
        if self.path.startswith("/v2"):
            count = len(body.splitlines())
            numbers = {"itemsReceived": count, "itemsAccepted": count, "errors": []}
            answer = json.dumps(numbers).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Give each test a provider of its own; OpenTelemetry sets one a process."""
    yield
    trace._TRACER_PROVIDER = None  # noqa: SLF001 there is no public way back
    trace._TRACER_PROVIDER_SET_ONCE = Once()  # noqa: SLF001


def two_parts() -> None:
    """Two parts of one step, the second of which goes wrong."""
    with traces.step("accept", BEGUN, route="alerts"):
        pass
    with pytest.raises(LookupError), traces.step("ShowCard", BEGUN, incident="A-1"):
        raise LookupError(SECRET)


def test_a_collector_gets_one_trace_of_both_parts(collector: Collector) -> None:
    with traces.exporting(f"otlp:{collector.url}/v1/traces"):
        two_parts()

    spans = [
        span
        for path, body in collector.got
        if path == "/v1/traces"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert ["accept", "ShowCard"] == [span.name for span in spans]
    assert {BEGUN[:32]} == {span.trace_id.hex() for span in spans}
    assert "LookupError" == spans[1].status.message
    assert SECRET.encode() not in b"".join(body for _, body in collector.got)


def test_application_insights_gets_the_same(collector: Collector) -> None:
    key = "00000000-0000-4000-8000-000000000001"
    where = f"InstrumentationKey={key};IngestionEndpoint={collector.url}/"
    with traces.exporting(f"appinsights:{where}"):
        two_parts()

    rows = [
        json.loads(line)
        for path, body in collector.got
        for line in _rows(body)
        if path.startswith("/v2")
    ]
    names = [row["data"]["baseData"].get("name") for row in rows]
    assert ["accept", "ShowCard"] == [name for name in names if name]
    assert {BEGUN[:32]} == {
        row["tags"]["ai.operation.id"]
        for row in rows
        if row["data"]["baseData"].get("name")
    }
    assert SECRET.encode() not in b"".join(body for _, body in collector.got)


def _rows(body: bytes) -> list[str]:
    text = body.decode()
    return (
        [json.dumps(r) for r in json.loads(text)]
        if text[:1] == "["
        else text.split("\n")
    )


def test_a_collector_that_is_gone_holds_nothing_up(collector: Collector) -> None:
    collector.status = 503
    with traces.exporting(f"otlp:{collector.url}/v1/traces"):
        two_parts()

    assert collector.got


def test_one_that_never_answers_holds_nothing_up() -> None:
    """
    It takes the connection and is silent: the end of the process is not its to decide.
    """
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1/traces"
        with traces.exporting(f"otlp:{url}", last_s=0.1):
            two_parts()

        left = [each for each in threading.enumerate() if each.name == traces.LAST]
    assert [True] == [thread.daemon for thread in left]  # still at it, and we are not
    left[0].join(60)


def test_a_collector_that_is_gone_is_told_once(caplog: Any) -> None:
    """
    A line a second for a week hides the one that matters, and costs more than the traces.
    """
    with traces.exporting("otlp:http://127.0.0.1:9/v1/traces"):
        for name in traces._NOISY * 3:  # noqa: SLF001
            logging.getLogger(name).warning("it is gone")

    about = Counter(r.name for r in caplog.records if r.message == "it is gone")
    assert dict.fromkeys(traces._NOISY, 1) == about  # noqa: SLF001


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("appinsights:InstrumentationKey=nonsense", "does not know this connection"),
        ("appinsights:", "does not know this connection"),
    ],
)
def test_a_connection_string_that_is_none_is_a_line(where: str, words: str) -> None:
    with pytest.raises(traces.CannotExport, match=words), traces.exporting(where):
        pass


@pytest.mark.parametrize("where", ["jaeger:x", "OTLP"])
def test_an_unknown_place_is_named(where: str) -> None:
    with (
        pytest.raises(ValueError, match="none of log, otlp:URL"),
        traces.exporting(where),
    ):
        pass
