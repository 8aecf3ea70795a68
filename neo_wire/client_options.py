"""The options that clients take, by keyword."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TypeAlias, TypedDict

from neo_wire.credentials.custom import CredentialsFunction
from neo_wire.events import Event
from neo_wire.http import Timeout
from neo_wire.protocol.decoder import JsonLoads
from neo_wire.signing.credentials import Credentials
from neo_wire.transports.clock import Clock

MfaFunction: TypeAlias = Callable[[str], str | Awaitable[str]]
"""Given the serial number or ARN of an MFA device: its present code. It may block, as `input` does."""


class CallOptions(TypedDict, total=False):
    """What `with_options` changes, for the calls of one derived client.

    Attributes:
        region: such as "eu-west-1"; else AWS_REGION, AWS_DEFAULT_REGION, or that of the profile.
        endpoint_url: in place of the service's own endpoint, such as "http://127.0.0.1:8080".
        timeout: of each wait and of the whole call; a number of seconds bounds them all.
        max_attempts: of one call, the first included; 1 switches retries off.
        validate_input: False sends an input without checking it against the service's rules first.
        on_event: is told of each attempt, response and retry, see `neo_wire.events`.
    """

    region: str | None
    endpoint_url: str | None
    timeout: Timeout | float | None
    max_attempts: int | None
    validate_input: bool
    on_event: Callable[[Event], None] | None


class ClientOptions(CallOptions, total=False):
    """What every client takes, by keyword. What is not given comes from the environment and the profile files.

    Attributes:
        profile: the profile of the config and credentials files; else AWS_PROFILE, or "default".
        credentials: a key pair, or a function that gives one, which is asked again before its credentials end; else
            those of the first source of the credential chain that is configured.
        retry_mode: "standard" or "adaptive".
        defaults_mode: "standard", "in-region", "cross-region", "mobile", "auto" or "legacy".
        use_fips_endpoint: whether AWS's hosts are those whose cryptography is validated by FIPS 140.
        use_dualstack_endpoint: whether AWS's hosts are those that IPv6 reaches too.
        proxies: "http", "https" and "all" to a proxy's URL, "no" to the hosts that need none; in place of the variables
            HTTPS_PROXY and so on. An empty one turns proxies off.
        ca_bundle: path of the certificate authorities; else AWS_CA_BUNDLE and so on.
        client_cert: path of a PEM file with the client's certificate and key, or a pair of two paths.
        ssl_context: an `ssl.SSLContext` in place of all that.
        http2: whether HTTP/2 is offered; it needs `pip install 'httpx[http2]'`.
        max_connections: how many connections there may be to one host at a time.
        app_id: goes to the user agent; else AWS_SDK_UA_APP_ID.
        user_agent_extra: is added to the user agent as it is.
        mfa: is asked for the code of an MFA device, when a role that is to be assumed wants one.
        json_loads: a JSON parser in place of the standard library's, such as `orjson.loads`.
        clock: what tells the present time, aware; or a whole `Clock`, which waits as well.
        environ: in place of the process's environment variables.
    """

    profile: str | None
    credentials: Credentials | CredentialsFunction | None
    retry_mode: str | None
    defaults_mode: str | None
    use_fips_endpoint: bool | None
    use_dualstack_endpoint: bool | None
    proxies: Mapping[str, str] | None
    ca_bundle: str | None
    client_cert: str | tuple[str, str] | None
    ssl_context: object | None  # an ssl.SSLContext; the module ssl is imported when it is needed
    http2: bool
    max_connections: int | None
    app_id: str | None
    user_agent_extra: str | None
    mfa: MfaFunction | None
    json_loads: JsonLoads | None
    clock: Callable[[], datetime] | Clock
    environ: Mapping[str, str]
