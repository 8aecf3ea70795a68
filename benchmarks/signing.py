"""How fast one request is signed, next to botocore, botocore with awscrt, and the bare hashing that it takes.

Run as `python benchmarks/signing.py`. One process, the contenders take turns round by round, the median of the rounds
counts. Timed is the signing of one DescribeCompilationJob request for sagemaker, with the clock read each time and the
signing key at hand where a signer keeps one. Not timed: making botocore's request objects, which signing changes, so
each is used once. Before anything is timed, all signers must give the same signature.
"""

from __future__ import annotations

import argparse
import gc
import hmac
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from unittest import mock

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from botocore.crt.auth import CrtSigV4Auth

from neo_wire.http import HttpRequest, Url
from neo_wire.signing import Credentials, Scope, canonical_request, payload_hash, sign, signing_key, string_to_sign

URL = "https://api.sagemaker.us-west-2.amazonaws.com/"
HEADERS = (("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", "SageMaker.DescribeCompilationJob"))
BODY = b'{"CompilationJobName":"resnet50-jetson-nano-2026-01-01"}'
ACCESS_KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2Vj" * 40  # 640 characters, about as long as those of STS
SCOPE = Scope("us-west-2", "sagemaker")

Contender = Callable[[int], float]
"""Signs so many times and gives the seconds that this took."""


def _timed(operations: Iterator[Callable[[], object]]) -> float:
    ready = list(operations)
    gc.collect()
    gc.disable()
    start = time.perf_counter()
    for operation in ready:
        operation()
    seconds = time.perf_counter() - start
    gc.enable()
    return seconds


def neo_wire(token: str | None) -> Contender:
    """Ours."""
    request = HttpRequest("POST", Url.parse(URL), HEADERS, BODY)
    credentials = Credentials(ACCESS_KEY_ID, SECRET, token)

    def sign_now() -> HttpRequest:
        return sign(request, credentials, SCOPE, datetime.now(UTC))

    return lambda count: _timed(sign_now for _ in range(count))


def botocore(signer: type[SigV4Auth | CrtSigV4Auth], token: str | None) -> Contender:
    """One of botocore's signers, on request objects that were made before."""
    auth = signer(BotocoreCredentials(ACCESS_KEY_ID, SECRET, token), SCOPE.service, SCOPE.region)

    def sign_with_botocore(count: int) -> float:
        requests = [AWSRequest("POST", URL, dict(HEADERS), BODY) for _ in range(count)]
        return _timed(partial(auth.add_auth, request) for request in requests)

    return sign_with_botocore


def floor(token: str | None) -> Contender:
    """The hashing that no signer can do without, on bytes that are there already."""
    signed = sign(
        HttpRequest("POST", Url.parse(URL), HEADERS, BODY),
        Credentials(ACCESS_KEY_ID, SECRET, token),
        SCOPE,
        datetime.now(UTC),
    )
    canonical = canonical_request(signed, payload_hash(BODY))
    to_sign = string_to_sign("AWS4-HMAC-SHA256", "20260101T000000Z", SCOPE.credential_scope("20260101"), canonical)
    canonical_bytes, to_sign_bytes = canonical.encode(), to_sign.encode()
    key = signing_key(SECRET, "20260101", SCOPE.region, SCOPE.service)

    def hash_and_sign() -> str:
        sha256(BODY).hexdigest()
        sha256(canonical_bytes).hexdigest()
        return hmac.digest(key, to_sign_bytes, "sha256").hex()

    return lambda count: _timed(hash_and_sign for _ in range(count))


def check_same_signature(token: str | None) -> None:
    """All of them have to do the same work before it makes sense to time it."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    ours = sign(
        HttpRequest("POST", Url.parse(URL), HEADERS, BODY), Credentials(ACCESS_KEY_ID, SECRET, token), SCOPE, at
    )
    for signer, clock in ((SigV4Auth, "botocore.auth"), (CrtSigV4Auth, "botocore.crt.auth")):
        request = AWSRequest("POST", URL, dict(HEADERS), BODY)
        with mock.patch(f"{clock}.get_current_datetime", return_value=at):
            signer(BotocoreCredentials(ACCESS_KEY_ID, SECRET, token), SCOPE.service, SCOPE.region).add_auth(request)
        assert request.headers["Authorization"] == ours.header("authorization"), signer


def processor() -> str:
    """The processor's name where the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} x {len(names)}" if names else platform.processor() or platform.machine()


def main() -> None:
    """Time all contenders and print a table in Markdown."""
    parser = argparse.ArgumentParser(description="Time the signing of one request.")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--signatures", type=int, default=400, help="signatures a round")
    arguments = parser.parse_args()

    libraries = ", ".join(f"{name} {version(name)}" for name in ("neo-wire", "botocore", "awscrt"))
    print(f"Python {platform.python_version()}, {libraries}")
    print(f"{platform.system()} {platform.release()}, {processor()}")
    print(f"{arguments.rounds} rounds of {arguments.signatures} signatures each, median of the rounds\n")
    for title, token in (("No session token", None), (f"Session token of {len(TOKEN)} characters", TOKEN)):
        check_same_signature(token)
        contenders = {
            "neo_wire `sign`": neo_wire(token),
            "botocore `SigV4Auth.add_auth`": botocore(SigV4Auth, token),
            "botocore with awscrt `CrtSigV4Auth.add_auth`": botocore(CrtSigV4Auth, token),
            "floor: two SHA-256 and one HMAC": floor(token),
        }
        rounds: dict[str, list[float]] = {name: [] for name in contenders}
        for contender in contenders.values():
            contender(50)  # warm up
        for _ in range(arguments.rounds):
            for name, contender in contenders.items():
                rounds[name].append(contender(arguments.signatures) / arguments.signatures)
        medians = {name: statistics.median(seconds) for name, seconds in rounds.items()}
        ours, *_, least = medians.values()
        print(f"| {title} | µs each | per second | neo_wire is … times as fast | times the floor |")
        print("|---|--:|--:|--:|--:|")
        for name, seconds in medians.items():
            print(
                f"| {name} | {seconds * 1e6:.1f} | {1 / seconds:,.0f} | {seconds / ours:.1f} | {seconds / least:.2f} |"
            )
        print()


if __name__ == "__main__":
    main()
