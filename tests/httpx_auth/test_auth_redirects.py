"""Redirects: no signature and no session token goes to another origin unnoticed."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from neo_wire.errors import RedirectRefused, SigningError
from neo_wire.httpx_auth import unsign_redirects
from neo_wire.signing.credentials import Credentials

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


class TestRedirects:
    def servers(self, raw_server: Any, response: Any, path: str = "/landed") -> tuple[Any, Any]:
        other = raw_server(response(b"landed"))
        first = raw_server(response(status="307 Temporary Redirect", location=f"{other.url}{path}"))
        return first, other

    def test_a_token_that_travelled_is_an_error(self, send: Any, raw_server: Any, response: Any, auth_for: Any) -> None:
        first, other = self.servers(raw_server, response)
        with pytest.raises(RedirectRefused, match="took the session token along") as caught:
            send("POST", first.url, auth=auth_for(), content=b"x", client={"follow_redirects": True})
        assert caught.value.endpoint == first.url
        assert caught.value.maybe_processed
        assert other.url in str(caught.value)
        assert "TOKEN" not in str(caught.value)
        assert b"Authorization" not in other.requests[0]

    def test_the_hook_takes_the_signature_off(
        self, send: Any, raw_server: Any, response: Any, auth_for: Any, received: Any, accepted: Any
    ) -> None:
        first, other = self.servers(raw_server, response, "/landed?X-Amz-Signature=of-a-presigned-url")
        client = {"follow_redirects": True, "event_hooks": {"request": [unsign_redirects]}}
        answer = send("POST", first.url, auth=auth_for("s3"), content=b"x", client=client)
        assert answer.content == b"landed"
        assert accepted(received(first.requests[0]), "s3")
        assert b"x-amz-" not in other.requests[0].lower().partition(b"\r\n")[2]
        assert b"authorization" not in other.requests[0].lower()

    def test_without_a_token_nothing_secret_travels(
        self, send: Any, raw_server: Any, response: Any, auth_for: Any
    ) -> None:
        first, other = self.servers(raw_server, response)
        auth = auth_for(credentials=Credentials(KEY, SECRET))
        assert send("GET", first.url, auth=auth, client={"follow_redirects": True}).content == b"landed"
        assert KEY.encode() not in other.requests[0]

    def test_not_followed_is_the_default_and_the_next_request_is_not_signed(
        self, library: ModuleType, raw_server: Any, response: Any, auth_for: Any
    ) -> None:
        first, other = self.servers(raw_server, response)
        with library.Client(auth=auth_for(), trust_env=False) as client:
            answer = client.get(first.url)
            assert answer.status_code == 307
            assert answer.next_request is not None
            with pytest.raises(
                SigningError, match=rf"signed for {first.url} and redirected to {other.url}: credentials"
            ):
                client.send(answer.next_request)
        assert other.requests == []

    def test_within_the_origin_the_hook_does_nothing(
        self, send: Any, raw_server: Any, response: Any, auth_for: Any
    ) -> None:
        answers = iter([response(status="302 Found", location="/next"), response(b"landed")])
        server = raw_server(lambda connection: connection.sendall(next(answers)))
        client = {"follow_redirects": True, "event_hooks": {"request": [unsign_redirects]}}
        assert send("GET", server.url, auth=auth_for(), client=client).content == b"landed"
        assert all(b"Authorization: AWS4" in raw for raw in server.requests)
