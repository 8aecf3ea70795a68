"""The least that signs a request of one service: the floor for any signer. Nothing is checked."""

from __future__ import annotations

import hashlib
import hmac
import time
from functools import lru_cache

from benchmarks.answers import ACCESS_KEY_ID, REGION, SECRET


@lru_cache(maxsize=2)
def _key(date: str) -> bytes:
    key: bytes = b"AWS4" + SECRET.encode()
    for step in (date, REGION, "sagemaker", "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    return key


def signed_headers(host: str, target: str, body: bytes) -> dict[str, str]:
    """The headers of a signed POST to the root."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    date = stamp[:8]
    names = "content-type;host;x-amz-date;x-amz-target"
    canonical = (
        f"POST\n/\n\ncontent-type:application/x-amz-json-1.1\nhost:{host}\nx-amz-date:{stamp}\nx-amz-target:{target}\n\n"
        f"{names}\n{hashlib.sha256(body).hexdigest()}"
    )
    scope = f"{date}/{REGION}/sagemaker/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(_key(date), to_sign.encode(), "sha256").hex()
    return {
        "Host": host,
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": target,
        "X-Amz-Date": stamp,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/{scope}, SignedHeaders={names}, "
        f"Signature={signature}",
    }
