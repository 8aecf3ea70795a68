"""Makes OpenTelemetry spans of the events of a client: one for each call, and one within it for each attempt.

It needs `pip install opentelemetry-sdk`.

python examples/open_telemetry.py                                    # against the bundled local service
python examples/open_telemetry.py --endpoint-url https://api.sagemaker.eu-west-1.amazonaws.com
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, StatusCode

from neo_wire import (
    AttemptFailed,
    AttemptStarted,
    CallEnded,
    Event,
    NeoClient,
    ResponseReceived,
    RetryScheduled,
    ServerError,
)
from neo_wire.local import EXAMPLE_CREDENTIALS, LocalServer, NeoService

TRACER = trace.get_tracer("neo_wire")


class Spans:
    """Told of a client's events, as `on_event`, it makes spans of them. Calls of any number of threads may overlap."""

    def __init__(self) -> None:
        self._calls: dict[str, Span] = {}
        self._attempts: dict[str, Span] = {}

    def __call__(self, event: Event) -> None:
        """Begin, mark or end the span that an event is about."""
        match event:
            case AttemptStarted(operation=operation, invocation_id=id):
                if id not in self._calls:
                    self._calls[id] = TRACER.start_span(f"SageMaker.{operation}")
                    self._calls[id].set_attribute("server.address", event.endpoint)
                parent = trace.set_span_in_context(self._calls[id])
                self._attempts[id] = TRACER.start_span(f"attempt {event.attempt}", parent)
            case ResponseReceived(invocation_id=id):
                attempt = self._attempts.pop(id)
                attempt.set_attribute("http.response.status_code", event.status)
                if event.error_code is not None:
                    attempt.set_status(StatusCode.ERROR, event.error_code)
                attempt.end()
            case AttemptFailed(invocation_id=id):
                attempt = self._attempts.pop(id)
                attempt.set_status(StatusCode.ERROR, event.error)
                attempt.end()
            case RetryScheduled(invocation_id=id):
                self._calls[id].add_event("retry", {"reason": event.reason, "delay": event.delay})
            case CallEnded(invocation_id=id) if id in self._calls:
                call = self._calls.pop(id)
                if event.error is not None:
                    call.set_status(StatusCode.ERROR, event.error)
                call.end()


class Lines(SpanExporter):
    """Prints each span in a line, where a real program sends them to its collector."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Print spans."""
        for span in spans:
            print(f"{'  ' if span.parent else ''}{span.name}: {span.status.status_code.name}")
        return SpanExportResult.SUCCESS


def main() -> None:
    """List jobs, with spans."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint-url")
    arguments = parser.parse_args()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Lines()))
    trace.set_tracer_provider(provider)
    with ExitStack() as stack:
        if arguments.endpoint_url:
            client = stack.enter_context(
                NeoClient(region="eu-west-1", endpoint_url=arguments.endpoint_url, on_event=Spans())
            )
        else:
            service = NeoService()
            service.script(ServerError("We encountered an internal error", status=500))  # so that there is a retry
            server = stack.enter_context(LocalServer(service))
            client = stack.enter_context(
                NeoClient(
                    region="eu-west-1", credentials=EXAMPLE_CREDENTIALS, endpoint_url=server.url, on_event=Spans()
                )
            )
        print(f"{len(client.list_compilation_jobs().compilation_job_summaries)} jobs")


if __name__ == "__main__":
    main()
