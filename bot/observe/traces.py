"""One trace for each step of an incident: from the call that told us to the card.

A step waits in the database between its parts, and another process may go on with it. So
nothing is handed on: the trace's id is made of the delivery's own id, and whoever works
on that delivery finds it again.
"""

import hashlib
import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)

from bot.incident import AlertReceived, CardLost, CardShown, Incident, Replied

log = logging.getLogger("bot.observe.traces")
LAST = "last spans"  # the thread that sends them
_LAST_S = 4.0  # for that, once we end
_ANSWER_S = 5  # for a collector to answer
_QUIET_S = 300.0  # between two lines about a collector that does not
_NOISY = (
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.sdk.trace.export",
    "opentelemetry.sdk._shared_internal",
    "azure.monitor.opentelemetry.exporter.export._base",
)
_OURS = (CardShown, CardLost, Replied)  # what we said; it begins no step


class CannotExport(ValueError):
    """Spans cannot be sent where the setting says; the text says why."""


class _Rarely(logging.Filter):
    """Lets a line through now and then: a collector may be gone for days."""

    def __init__(self) -> None:
        super().__init__()
        self._until = 0.0

    def filter(self, _record: logging.LogRecord) -> bool:
        if (now := time.monotonic()) < self._until:
            return False
        self._until = now + _QUIET_S
        return True


def cause(incident: Incident) -> str:
    """Return what the newest step of `incident` began with: a delivery, or an event."""
    for place in range(len(incident.history), 0, -1):
        event = incident.history[place - 1]
        if isinstance(event, AlertReceived):
            return event.delivery
        if not isinstance(event, _OURS) and getattr(event, "by", None) is not None:
            return hashlib.sha256(f"{incident.id}/{place}".encode()).hexdigest()
    return hashlib.sha256(incident.id.encode()).hexdigest()


_taken: list[str] = []  # where spans are sent, once they are


def wanted() -> bool:
    """Return whether anybody takes spans.

    OpenTelemetry would look into the environment, each time that it is asked.
    """
    return bool(_taken)


def step(name: str, begun_by: str, **about: str) -> AbstractContextManager[None]:
    """Record a part of the step that began with `begun_by`, 48 hex digits or more.

    A span that nobody takes costs as much as the alert it is about, so it is not made.
    """
    if not wanted():
        return nullcontext()
    return _recorded(name, begun_by, about)


@contextmanager
def _recorded(name: str, begun_by: str, about: Mapping[str, str]) -> Iterator[None]:
    parent = SpanContext(
        trace_id=int(begun_by[:32], 16),
        span_id=int(begun_by[32:48], 16),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )
    tracer = trace.get_tracer("watchkeeper")
    with tracer.start_as_current_span(
        name,
        trace.set_span_in_context(NonRecordingSpan(parent)),
        kind=SpanKind.INTERNAL,
        attributes={f"watchkeeper.{key}": value for key, value in about.items()},
        record_exception=False,  # its text may hold what must not leave
        set_status_on_exception=False,
    ) as span:
        try:
            yield
        except Exception as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


@contextmanager
def exporting(
    where: str, client_id: str = "", *, last_s: float = _LAST_S
) -> Iterator[None]:
    """Send spans to `where` while inside; nothing is set up for "".

    "log" writes a line each; "otlp:URL" needs the extra `traces`; "appinsights:…" takes a
    connection string and signs in as the managed identity `client_id`.
    A collector that is gone costs a line every five minutes, and `last_s` seconds at the
    end, for the last spans.
    Raises CannotExport.
    """
    if not where:
        yield
        return
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 seldom needed
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(
        resource=Resource.create({"service.name": "watchkeeper"}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(
        BatchSpanProcessor(_exporter(where, client_id), schedule_delay_millis=1000)
    )
    trace.set_tracer_provider(provider)
    _taken.append(where)
    filters = {logging.getLogger(name): _Rarely() for name in _NOISY}
    for noisy, rarely in filters.items():
        noisy.addFilter(rarely)
    try:
        yield
    finally:
        ending = threading.Thread(target=_end, args=(provider,), name=LAST, daemon=True)
        ending.start()
        ending.join(last_s)  # a collector that hangs must not hold up the end
        for noisy, rarely in filters.items():
            noisy.removeFilter(rarely)


def _end(provider: Any) -> None:
    with suppress(Exception):
        provider.force_flush()
        provider.shutdown()


def _exporter(where: str, client_id: str) -> Any:
    kind, _, rest = where.partition(":")
    if kind == "log":
        return _lines()
    if kind == "otlp":
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
                OTLPSpanExporter,
            )
        except ImportError:
            raise CannotExport(
                "TRACES=otlp:… needs: pip install watchkeeper[traces]"
            ) from None
        return OTLPSpanExporter(endpoint=rest, timeout=_ANSWER_S)
    if kind == "appinsights":
        from azure.identity import ManagedIdentityCredential  # noqa: PLC0415
        from azure.monitor.opentelemetry.exporter import (  # noqa: PLC0415
            AzureMonitorTraceExporter,
        )

        # It would also report on itself to Microsoft, at addresses that nobody allowed.
        os.environ.setdefault("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
        credential = (
            ManagedIdentityCredential(client_id=client_id) if client_id else None
        )
        try:
            return AzureMonitorTraceExporter(
                connection_string=rest,
                credential=credential,
                disable_offline_storage=True,
            )
        except ValueError:
            text = "TRACES: Application Insights does not know this connection string"
            raise CannotExport(text) from None
    raise CannotExport(
        f"TRACES: {kind!r} is none of log, otlp:URL, appinsights:CONNECTION"
    )


def _lines() -> Any:
    """Return an exporter that writes a span a line into our log."""
    from opentelemetry.sdk.trace.export import (  # noqa: PLC0415
        SpanExporter,
        SpanExportResult,
    )

    class Lines(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:
            for span in spans:
                took = (span.end_time - span.start_time) / 1e6
                log.info(
                    "trace %032x %s %.1f ms", span.context.trace_id, span.name, took
                )
            return SpanExportResult.SUCCESS

    return Lines()
