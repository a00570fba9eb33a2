"""A receiver of OTLP over HTTP, which decodes with the official protocol definitions."""

import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

WAIT_S = 10


@dataclass
class Seen:
    """A span, with its ids in hexadecimal and its attributes as a dictionary."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    tracestate: str
    is_error: bool
    lasted_s: float
    attributes: dict
    resource: dict


class Collector:
    """Takes what is exported to `/v1/traces` and `/v1/metrics`; `status` is what it answers."""

    def __init__(self):
        self.status = 200
        self.headers: list[dict[str, str]] = []
        self._exports: list[tuple[str, bytes]] = []
        self._changed = threading.Condition()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                collector._take(self.path, dict(self.headers.items()), body)
                self.send_response(collector.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def env(self, **more: str) -> dict[str, str]:
        """The environment of a program that exports here, soon."""
        soon = {"OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_METRIC_EXPORT_INTERVAL": "100"}
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.url, **soon, **more}

    def spans(self) -> list[Seen]:
        """Every span so far."""
        seen = []
        for _, body in self._of("/v1/traces"):
            for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                resource = attributes(of_resource.resource.attributes)
                seen += [_seen(span, resource) for scope in of_resource.scope_spans for span in scope.spans]
        return seen

    def wait_for(self, found, what: str):
        """What `found` finds in the collector, as soon as that is something."""
        until = time.monotonic() + WAIT_S
        with self._changed:
            while not (result := found()):
                left = until - time.monotonic()
                assert left > 0, f"no {what} within {WAIT_S} s; the spans are {[span.name for span in self.spans()]}"
                self._changed.wait(left)
            return result

    def trace_of(self, request_span: str, trace_id: str | None = None) -> list[Seen]:
        """The spans of the trace that has a span of this name (which ends last), in the order they began."""

        def found():
            for span in self.spans():
                if span.name == request_span and trace_id in (None, span.trace_id):
                    return [other for other in self.spans() if other.trace_id == span.trace_id]

        return self.wait_for(found, f"trace with '{request_span}'")

    def metrics(self) -> dict:
        """The newest state of every metric, by name."""
        exports = self._of("/v1/metrics")
        request = ExportMetricsServiceRequest.FromString(exports[-1][1]) if exports else ExportMetricsServiceRequest()
        metrics = [m for r in request.resource_metrics for s in r.scope_metrics for m in s.metrics]
        assert len({metric.name for metric in metrics}) == len(metrics), "a metric is there twice"
        return {metric.name: metric for metric in metrics}

    def wait_for_exports(self, path: str, count: int) -> None:
        """Waits until this many exports have come to a path."""
        self.wait_for(lambda: len(self._of(path)) >= count, f"{count} exports to {path}")

    def count(self, path: str) -> int:
        return len(self._of(path))

    def raw(self) -> bytes:
        """All bytes that were exported."""
        with self._changed:
            return b"".join(body for _, body in self._exports)

    def _of(self, path: str) -> list[tuple[str, bytes]]:
        with self._changed:
            return [export for export in self._exports if export[0] == path]

    def _take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        with self._changed:
            self._exports.append((path, body))
            self.headers.append({name.lower(): value for name, value in headers.items()})
            self._changed.notify_all()


def _seen(span: Span, resource: dict) -> Seen:
    assert span.end_time_unix_nano >= span.start_time_unix_nano > 0
    return Seen(
        name=span.name,
        kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        tracestate=span.trace_state,
        is_error=span.status.code == Status.STATUS_CODE_ERROR,
        lasted_s=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
        attributes=attributes(span.attributes),
        resource=resource,
    )


def attributes(pairs) -> dict:
    """Attributes as a dictionary; each key is there once."""
    assert len({pair.key for pair in pairs}) == len(pairs), [pair.key for pair in pairs]
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value):
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    return getattr(value, kind)
