from __future__ import annotations

from datetime import UTC, datetime

import pytest

from neo_wire.flow import Flow, Now, Send, now, send
from neo_wire.http import HttpRequest, HttpResponse, Timeout, Url


def test_a_flow_asks_and_is_answered() -> None:
    request = HttpRequest("GET", Url.parse("http://127.0.0.1/"))

    def conversation() -> Flow[tuple[datetime, int]]:
        moment = yield from now()
        response = yield from send(request, Timeout(), max_body=10)
        return moment, response.status

    flow = conversation()
    assert next(flow) == Now()
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert flow.send(moment) == Send(request, Timeout(), 10)
    with pytest.raises(StopIteration) as end:
        flow.send(HttpResponse(204))
    assert end.value.value == (moment, 204)
