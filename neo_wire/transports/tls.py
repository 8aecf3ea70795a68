"""How TLS is set up: one SSL context for each `Tls`, made when it is first needed, shared by both kinds of pools."""

from __future__ import annotations

import os
import re
import ssl
from functools import lru_cache
from typing import Final, TypedDict

from neo_wire.errors import ConfigurationError
from neo_wire.http import Tls

_HASHED: Final = r"[0-9a-f]{8}\.[0-9]+"  # how OpenSSL finds an authority in a folder
_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"
_LARGEST_FILE: Final = 1 << 24  # bytes


class _Authorities(TypedDict, total=False):
    """Where the certificate authorities stand, as `ssl.create_default_context` takes them."""

    cafile: str
    capath: str
    cadata: str


@lru_cache(maxsize=64)
def ssl_context(tls: Tls) -> ssl.SSLContext:
    """The SSL context of this process for a set-up; its files are read at the first use only.

    It asks for TLS 1.2 at least, for a certificate of a trusted authority, and for one with the name of the host. The
    pools share it, so nobody may change it. A context of the user's own is given back as it is.

    Raises:
        ConfigurationError: files are missing or not what they should be; the message names all of them.
    """
    if tls.context is None:
        return new_ssl_context(tls)
    if not isinstance(tls.context, ssl.SSLContext):
        raise ConfigurationError(
            f"the TLS context is of type {type(tls.context).__name__}; give an ssl.SSLContext, or None for our own"
        )
    return tls.context


def new_ssl_context(tls: Tls) -> ssl.SSLContext:
    """A context of one's own, for who has to change it; otherwise as `ssl_context`, which takes 20 ms less."""
    problems: list[str] = []
    context = None
    try:
        context = ssl.create_default_context(**_authorities(tls.ca_bundle))
    except ConfigurationError as error:
        problems.append(str(error))
    except ssl.SSLError as error:
        problems.append(f"the CA bundle {tls.ca_bundle!r} cannot be loaded: {error}")
    except OSError as error:  # the bundle was read before
        problems.append(f"the file {error.filename!r} that SSLKEYLOGFILE names cannot be written: {error.strerror}")
    if (problem := _load_client_certificate(tls, context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))) is not None:
        problems.append(problem)
    if context is None or problems:
        raise ConfigurationError("TLS cannot be set up: " + "; ".join(problems))
    context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _authorities(bundle: str | None) -> _Authorities:
    if bundle is None:
        import certifi  # here, as plain HTTP has no use for it

        return {"cafile": certifi.where()}
    if not bundle.strip():
        raise ConfigurationError("the path of the CA bundle is empty; give a file or a folder, or leave it out")
    try:
        if not os.path.isdir(bundle):  # noqa: PTH112  # the module pathlib takes 3 ms to import
            if not _has_certificate(_read(bundle)):
                raise ConfigurationError(f"the CA bundle {bundle!r} has no PEM certificate in it")
            return {"cafile": bundle}
        return _authorities_in(bundle)
    except OSError as error:
        raise ConfigurationError(f"the CA bundle {bundle!r} cannot be read: {error.strerror}") from error


def _authorities_in(folder: str) -> _Authorities:
    from pathlib import Path  # here, as most bundles are files

    path = Path(folder)
    names = sorted(entry.name for entry in path.iterdir())
    if any(re.fullmatch(_HASHED, name) for name in names):
        return {"capath": folder}
    pattern = rb"%b.*?%b" % (_BEGIN, _END)
    files = [path / name for name in names if (path / name).is_file()]
    found = [pem for file in files for pem in re.findall(pattern, _read(str(file)), re.DOTALL)]
    if not found:
        raise ConfigurationError(f"the folder {folder!r} of CA certificates has no PEM certificate in it")
    return {"cadata": b"\n".join(found).decode("latin-1")}


def _has_certificate(bundle: bytes) -> bool:
    begin = bundle.find(_BEGIN)
    return begin >= 0 and bundle.find(_END, begin) > begin


def _read(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123  # as above
        return file.read(_LARGEST_FILE)


def _load_client_certificate(tls: Tls, context: ssl.SSLContext) -> str | None:
    """Load it, if there is one; else say what is wrong."""
    if tls.client_cert is None:
        return None if tls.client_key is None else "a client key is given without a client certificate"
    key = tls.client_key or tls.client_cert
    for path in dict.fromkeys((tls.client_cert, key)):
        try:
            _read(path)
        except OSError as error:
            return f"the client certificate or key {path!r} cannot be read: {error.strerror}"
    asked = False

    def password() -> str:
        nonlocal asked
        asked = True
        return tls.client_key_password or ""  # else OpenSSL would ask at the terminal

    try:
        context.load_cert_chain(tls.client_cert, tls.client_key, password)
    except (ssl.SSLError, ValueError) as error:
        if not asked:
            return f"the client certificate {tls.client_cert!r} and the key {key!r} do not make a pair: {error}"
        if tls.client_key_password is None:
            return f"the client key {key!r} is encrypted; give its password"
        return f"the client key {key!r} cannot be opened with the password that was given"
    return None


def refuses_certificate(error: Exception) -> bool:
    """Whether the server says, which in TLS 1.3 is after the handshake, that the client's certificate will not do."""
    reason = getattr(error, "reason", None) or ""
    return "ALERT" in reason and any(word in reason for word in ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED"))
