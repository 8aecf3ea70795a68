"""Signing for anybody's httpx or httpx2 client: `httpx.Client(auth=SigV4Auth("execute-api", region="eu-west-1"))`."""

from neo_wire.httpx_auth.auth import SIGNED_HEADERS, SigV4Auth, unsign_redirects
from neo_wire.httpx_auth.credentials import Provider

__all__ = ["SIGNED_HEADERS", "Provider", "SigV4Auth", "unsign_redirects"]
