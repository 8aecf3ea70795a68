"""A sign-in with `aws login` for tests: its cache, and a service that checks what it is asked as the real one does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

from attrs import define, evolve, field
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from neo_wire.credentials.context import Provider, Skipped
from neo_wire.credentials.login import cache_path, find
from neo_wire.signing.credentials import Credentials
from tests.credentials.contexts import context_of, run
from tests.credentials.proofs import read_proof
from tests.credentials.servers import START, Answer, Asked, FakeClock, Way, in_future

SESSION = "arn:aws:sts::123456789012:assumed-role/Admin/me"
CONFIG = f"[profile my-dev]\nlogin_session = {SESSION}\nregion = us-west-2\n"
KEY = ec.generate_private_key(ec.SECP256R1())
KEYS = {
    "accessKeyId": "ASIALOGIN1",
    "secretAccessKey": "secret+key/1",
    "sessionToken": "session-token-1",
    "accountId": "123456789012",
    "expiresAt": in_future(minutes=15),
}
TOKEN = {
    "accessToken": KEYS,
    "tokenType": "urn:aws:params:oauth:token-type:access_token_sigv4",
    "refreshToken": "refresh-token-1",
    "idToken": "identity-token",
    "clientId": "arn:aws:signin:::devtools/same-device",
    "dpopKey": KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode(),
}


def keys(number: int) -> dict[str, str]:
    return {
        "accessKeyId": f"ASIALOGIN{number}",
        "secretAccessKey": f"secret+key/{number}",
        "sessionToken": f"session-token-{number}",
    }


def write_cache(home: Path, content: object = TOKEN, environ: Mapping[str, str] = {}) -> Path:
    path = Path(cache_path(SESSION, environ, str(home)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def with_ending(ends: str, **change: object) -> dict[str, object]:
    return TOKEN | {"accessToken": KEYS | {"expiresAt": ends}} | change


def provider_of(home: Path, url: str = "http://127.0.0.1:1", config: str = CONFIG, **environ: str) -> Provider:
    ids = count(1)
    context = context_of(
        config, environ={"AWS_PROFILE": "my-dev", "AWS_ENDPOINT_URL_SIGNIN": url, **environ}, home=str(home)
    )
    provider = find(evolve(context, new_id=lambda: f"id-{next(ids)}"))
    assert not isinstance(provider, Skipped)
    return provider


def fetch(provider: Provider, way: Way = "sync", clock: FakeClock | None = None) -> Credentials:
    return run(way, provider(), clock=clock or FakeClock())


@define
class SignIn:
    """The sign-in service, which checks what it is asked, the proof first, and gives new keys for a refresh token."""

    instead: Callable[[Asked], Answer | None] = lambda _: None
    refresh_token: int = 1
    proofs: set[str] = field(factory=set)
    minutes: int = 15

    def __call__(self, asked: Asked) -> Answer:
        assert (asked.method, asked.target) == ("POST", "/v1/token")
        assert asked.headers["content-type"] == "application/json"
        assert "authorization" not in asked.headers
        _, payload, public = read_proof(asked.headers["dpop"])
        assert public.public_numbers() == KEY.public_key().public_numbers()
        assert payload["htm"] == "POST"
        assert payload["htu"] == f"http://{asked.headers['host']}/v1/token"
        assert abs(payload["iat"] - START.timestamp()) < 86_400
        assert isinstance(payload["iat"], int)
        assert payload["jti"] not in self.proofs, "a proof is good for one request"
        self.proofs.add(payload["jti"])
        assert json.loads(asked.body) == {
            "clientId": "arn:aws:signin:::devtools/same-device",
            "refreshToken": f"refresh-token-{self.refresh_token}",
            "grantType": "refresh_token",
        }
        if (answer := self.instead(asked)) is not None:
            return answer
        self.refresh_token += 1
        return Answer(
            body={
                "accessToken": keys(self.refresh_token),
                "tokenType": "aws_sigv4",
                "expiresIn": self.minutes * 60,
                "refreshToken": f"refresh-token-{self.refresh_token}",
            }
        )
