"""Private keys and certificates out of PEM, DER and PKCS#12: bytes in, no file is read here.

Everything that can be wrong with a key file is a `SigningError` that says what to do, before anything is signed or
sent. The errors of the parser underneath are not chained to it, so that no text about a password leaves this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from neo_wire.errors import MissingExtra, SigningError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

PrivateKey: TypeAlias = "RSAPrivateKey | EllipticCurvePrivateKey"
"""An RSA or elliptic curve key, of the package `cryptography` or of whatever implements its interface."""

MINIMUM_RSA_BITS: Final = 2048
"""Smaller RSA keys are refused. Source: NIST SP 800-131A revision 2, section 3."""

CURVES: Final = ("secp256r1", "secp384r1", "secp521r1")
"""The elliptic curves that are signed with: P-256, P-384 and P-521."""

_BLOCK = re.compile(rb"-----BEGIN (?P<label>[A-Z0-9 ]+)-----.*?-----END (?P=label)-----", re.DOTALL)
_KEY_LABELS = (b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY", b"RSA PRIVATE KEY", b"EC PRIVATE KEY", b"DSA PRIVATE KEY")
_CERTIFICATE_LABELS = (b"CERTIFICATE", b"X509 CERTIFICATE")


class KeyAndCertificates(NamedTuple):
    """What a PKCS#12 file holds."""

    private_key: PrivateKey
    certificate: Certificate
    chain: tuple[Certificate, ...]
    """The other certificates: each one's issuer follows it, as far as it is there."""


def require_cryptography(feature: str) -> None:
    """Fail at once where a feature needs the package `cryptography` and it is not installed.

    Args:
        feature: begins the message, such as "SigV4A".

    Raises:
        MissingExtra: the package is not installed.
    """
    try:
        import_module("cryptography")
    except ImportError:
        raise MissingExtra(
            f"{feature} needs the package cryptography; install it with: pip install 'neo-wire[crypto]'"
        ) from None


def load_private_key(data: bytes, password: str | bytes | None = None) -> PrivateKey:
    """Read an RSA or elliptic curve private key.

    Args:
        data: PEM or DER; PKCS#8 (encrypted or not), PKCS#1 or SEC1 (encrypted or not, the former in PEM alone). A PEM
            file may hold certificates and text beside the key.
        password: of an encrypted key; text is encoded as UTF-8; None or empty for none.

    Raises:
        SigningError: there is no key or more than one; the password is wrong, missing or not needed; the key is
            damaged, of another type, on another curve or too small.
        MissingExtra: `cryptography` is not installed.
    """
    require_cryptography("a private key")
    from cryptography.hazmat.primitives import serialization

    _require_data(data, "private key")
    if b"-----BEGIN " not in data:
        return require_supported(_parse_key(serialization.load_der_private_key, data, password))
    keys, others = _pem_blocks(data, _KEY_LABELS)
    if len(keys) == 1:
        return require_supported(_parse_key(serialization.load_pem_private_key, keys[0], password))
    if keys:
        raise SigningError(f"the private key file holds {len(keys)} private keys; leave the one that signs")
    if "OPENSSH PRIVATE KEY" in others:
        raise SigningError("the private key is in the form of OpenSSH; convert it with: ssh-keygen -p -m PKCS8 -f FILE")
    raise SigningError(f"there is no private key in the PEM data; it holds {others}")


def load_certificates(data: bytes) -> tuple[Certificate, ...]:
    """Read one or more X.509 certificates, in the order of the file.

    Args:
        data: a PEM bundle, which may hold a key and text beside the certificates, or one certificate in DER.

    Raises:
        SigningError: there is no certificate, or one is damaged; the message counts from 1.
        MissingExtra: `cryptography` is not installed.
    """
    require_cryptography("an X.509 certificate")
    from cryptography import x509

    _require_data(data, "certificate")
    if b"-----BEGIN " not in data:
        return (_parse_certificate(x509.load_der_x509_certificate, data, "the certificate"),)
    found, others = _pem_blocks(data, _CERTIFICATE_LABELS)
    if not found:
        raise SigningError(f"there is no certificate in the PEM data; it holds {others}")
    return tuple(
        _parse_certificate(x509.load_pem_x509_certificate, block, f"certificate {number}")
        for number, block in enumerate(found, start=1)
    )


def load_pkcs12(data: bytes, password: str | bytes | None = None) -> KeyAndCertificates:
    """Read the key, its certificate and the chain from a PKCS#12 file (.p12, .pfx).

    Args:
        data: the file's bytes.
        password: of the file; text is encoded as UTF-8; None or empty for none.

    Raises:
        SigningError: the password is wrong or missing, the data is no PKCS#12, it lacks the key or the certificate, or
            the key is not supported, as in `load_private_key`.
        MissingExtra: `cryptography` is not installed.
    """
    require_cryptography("a PKCS#12 file")
    from cryptography.hazmat.primitives.serialization import pkcs12

    _require_data(data, "PKCS#12 file")
    secret = _password_bytes(password)
    try:
        held = pkcs12.load_pkcs12(data, secret)
    except Exception:  # noqa: BLE001  # the parser raises many types on damaged data; all mean the same here
        held = None
    if held is None:
        cause = "the password is wrong" if secret else "it needs a password and none was given"
        raise SigningError(f"the PKCS#12 file cannot be read: {cause}, or the data is damaged or no PKCS#12")
    missing = [name for name, part in (("private key", held.key), ("certificate of its key", held.cert)) if not part]
    if held.key is None or held.cert is None:
        raise SigningError(f"the PKCS#12 file has no {' and no '.join(missing)}")
    certificate, *others = [
        require_intact(each.certificate, f"certificate {number} of the PKCS#12 file")
        for number, each in enumerate((held.cert, *held.additional_certs), start=1)
    ]
    return KeyAndCertificates(require_supported(held.key), certificate, _in_order(certificate, others))


def require_supported(key: object) -> PrivateKey:
    """Return the key if it can sign here.

    Raises:
        SigningError: it is of another type, on another curve or too small.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if isinstance(key, RSAPrivateKey):
        if key.key_size < MINIMUM_RSA_BITS:
            raise SigningError(f"the RSA key has {key.key_size} bits; use one of {MINIMUM_RSA_BITS} or more")
        return key
    if isinstance(key, EllipticCurvePrivateKey):
        if key.curve.name not in CURVES:
            raise SigningError(f"the private key is on the curve {key.curve.name}; use one of {', '.join(CURVES)}")
        return key
    raise SigningError(f"the private key is a {type(key).__name__}; only RSA and elliptic curve keys can sign here")


def require_intact(certificate: Certificate, name: str) -> Certificate:
    """Return the certificate if all of it can be read; its parts are parsed late, when they are asked for.

    Raises:
        SigningError: a part of it is damaged; the message begins with the name.
    """
    try:
        _ = certificate.subject, certificate.issuer, certificate.extensions
    except Exception:  # noqa: BLE001, S110  # the parser raises many types on damaged data; all mean the same here
        pass
    else:
        return certificate
    raise SigningError(f"{name} is damaged: its subject, its issuer or an extension cannot be read")


def _pem_blocks(data: bytes, labels: tuple[bytes, ...]) -> tuple[list[bytes], str]:
    """The blocks of these labels, and the labels of the others for a message."""
    blocks = [(block["label"], block[0] + b"\n") for block in _BLOCK.finditer(data)]
    others = ", ".join(label.decode("ascii") for label, _ in blocks if label not in labels)
    return [block for label, block in blocks if label in labels], others or "no complete block"


def _require_data(data: object, name: str) -> None:
    if not isinstance(data, bytes | bytearray):
        raise SigningError(f"the {name} is a {type(data).__name__}; give the bytes of the file")
    if not data:
        raise SigningError(f"the {name} is empty: no bytes were read")


def _password_bytes(password: object) -> bytes | None:
    if password is None or isinstance(password, bytes):
        return password or None
    if not isinstance(password, str):
        raise SigningError(f"the password is a {type(password).__name__}; give text or bytes")
    with suppress(UnicodeEncodeError):  # which holds the password, and so must not be the context of ours
        return password.encode() or None
    raise SigningError("the password has a lone surrogate in it, which UTF-8 cannot express; give it as bytes")


def _parse_key(load: Callable[[bytes, bytes | None], object], data: bytes, password: str | bytes | None) -> object:
    from cryptography.exceptions import UnsupportedAlgorithm

    secret = _password_bytes(password)
    # Raised below the handlers, not in them: the parser's error must not become the context of ours.
    try:
        return load(data, secret)
    except TypeError:
        problem = "is encrypted: give its password" if secret is None else "is not encrypted: leave the password out"
    except UnsupportedAlgorithm:
        problem = "is of a type, on a curve or encrypted in a way that is not supported"
    except ValueError:
        problem = (
            "is damaged or no PKCS#8, PKCS#1 or SEC1 key"
            if secret is None
            else "cannot be decrypted: the password is wrong, the data is damaged, or the encryption is not supported"
        )
    raise SigningError(f"the private key {problem}")


def _parse_certificate(load: Callable[[bytes], Certificate], data: bytes, name: str) -> Certificate:
    try:
        certificate = load(data)
    except Exception:  # noqa: BLE001  # the parser raises many types on damaged data; all mean the same here
        certificate = None
    if certificate is None:
        raise SigningError(f"{name} is damaged or no X.509 certificate")
    return require_intact(certificate, name)


def _in_order(leaf: Certificate, others: list[Certificate]) -> tuple[Certificate, ...]:
    """The chain with each issuer after what it issued; PKCS#12 keeps no order. What is not linked comes last."""
    chain: list[Certificate] = []
    rest = list(others)
    last = leaf
    while issuers := [candidate for candidate in rest if candidate.subject == last.issuer]:
        last = issuers[0]
        chain.append(last)
        rest.remove(last)
    return (*chain, *rest)
