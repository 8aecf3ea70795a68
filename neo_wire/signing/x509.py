"""Signs with a certificate's private key in place of an AWS key pair, as IAM Roles Anywhere wants CreateSession.

The canonical request and the string to sign are those of Signature version 4; the algorithm goes by the type of the
key, the credential is the certificate's serial number, and the certificate travels in a signed header. Needs the
package `cryptography`, from `neo-wire[crypto]`.

Source: IAM Roles Anywhere user guide, "The IAM Roles Anywhere authentication signing process" and "trust model".
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from typing import TYPE_CHECKING, Final

from attrs import evolve, field, frozen

from neo_wire.errors import Headers, SigningError
from neo_wire.http import HttpRequest
from neo_wire.signing.private_keys import (
    PrivateKey,
    load_certificates,
    load_pkcs12,
    load_private_key,
    require_cryptography,
    require_intact,
    require_supported,
)
from neo_wire.signing.sigv4 import DEFAULT, Scope, SigningOptions, authorize, long_date
from neo_wire.values import Value

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

RSA_ALGORITHM: Final = "AWS4-X509-RSA-SHA256"
ECDSA_ALGORITHM: Final = "AWS4-X509-ECDSA-SHA256"

_CERTIFICATE_HEADERS: Final = frozenset({"x-amz-x509", "x-amz-x509-chain"})


@frozen(eq=False, repr=False)
class Identity(Value):
    """A certificate, the private key that belongs to it, and the certificates up to the trust anchor.

    Attributes:
        certificate: the end-entity certificate.
        private_key: RSA, or elliptic curve on P-256, P-384 or P-521; of `cryptography`, or an object with the same
            interface that signs with a key it does not show.
        chain: the intermediate certificates, each followed by its issuer; without the trust anchor.

    Raises:
        SigningError: the key belongs to another certificate, is of a type that cannot sign or too small, or the service
            accepts no such certificate; all that is wrong is said at once.
        MissingExtra: `cryptography` is not installed.
    """

    certificate: Certificate
    private_key: PrivateKey = field(repr=False)
    chain: tuple[Certificate, ...] = ()
    algorithm: str = field(init=False, eq=False)
    """`AWS4-X509-RSA-SHA256` or `AWS4-X509-ECDSA-SHA256`, by the type of the key."""
    headers: Headers = field(init=False, eq=False)
    """X-Amz-X509 and, with a chain, X-Amz-X509-Chain."""

    def __attrs_post_init__(self) -> None:
        """Refuse what the service would refuse, and make what is the same for each request."""
        require_cryptography("X.509 signing")
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import Encoding

        for number, certificate in enumerate((self.certificate, *self.chain), start=1):
            require_intact(certificate, f"certificate {number}")
        require_supported(self.private_key)
        problems = [*_mismatch(self.certificate, self.private_key, self.chain), *_unfit(self.certificate)]
        if problems:
            raise SigningError(f"the certificate {_name(self.certificate)} cannot be used: {'; '.join(problems)}")
        encoded = [b64encode(each.public_bytes(Encoding.DER)).decode() for each in (self.certificate, *self.chain)]
        headers: Headers = (("X-Amz-X509", encoded[0]),)
        if self.chain:
            headers = (*headers, ("X-Amz-X509-Chain", ",".join(encoded[1:])))
        is_rsa = isinstance(self.private_key, RSAPrivateKey)
        object.__setattr__(self, "algorithm", RSA_ALGORITHM if is_rsa else ECDSA_ALGORITHM)
        object.__setattr__(self, "headers", headers)

    @classmethod
    def load(
        cls, certificate: bytes, private_key: bytes, *, password: str | bytes | None = None, chain: bytes = b""
    ) -> Identity:
        """Put an identity together from what was read of its files, in PEM or DER.

        Args:
            certificate: the end-entity certificate first; what follows it in the PEM data begins the chain.
            private_key: in any form that `load_private_key` reads.
            password: of an encrypted private key.
            chain: more certificates, as a PEM bundle; empty for none.

        Raises:
            SigningError: what `load_private_key`, `load_certificates` and `Identity` refuse.
            MissingExtra: `cryptography` is not installed.
        """
        leaf, *rest = load_certificates(certificate)
        key = load_private_key(private_key, password)
        return cls(leaf, key, (*rest, *(load_certificates(chain) if chain else ())))

    @classmethod
    def load_pkcs12(cls, data: bytes, password: str | bytes | None = None) -> Identity:
        """Put an identity together from the bytes of a PKCS#12 file (.p12, .pfx).

        Raises:
            SigningError: what `private_keys.load_pkcs12` and `Identity` refuse.
            MissingExtra: `cryptography` is not installed.
        """
        held = load_pkcs12(data, password)
        return cls(held.certificate, held.private_key, held.chain)

    def check_validity(self, at: datetime) -> None:
        """Refuse a certificate, of the chain too, that is expired or not yet valid at this time.

        Raises:
            SigningError: it names each such certificate and the time; or the time is naive.
        """
        if at.utcoffset() is None:
            raise SigningError("the time of signing is naive; give it a time zone, such as datetime.now(UTC)")
        problems = []
        for certificate in (self.certificate, *self.chain):
            if at < certificate.not_valid_before_utc:
                problems.append(f"{_name(certificate)} is not valid before {certificate.not_valid_before_utc}")
            if at > certificate.not_valid_after_utc:
                problems.append(f"{_name(certificate)} expired at {certificate.not_valid_after_utc}")
        if problems:
            raise SigningError(f"at {at} a certificate cannot be used: {'; '.join(problems)}")

    def __repr__(self) -> str:
        chain = f", chain of {len(self.chain)}" if self.chain else ""
        return f"Identity({_name(self.certificate)}, {self.algorithm}{chain})"


def sign(
    request: HttpRequest, identity: Identity, scope: Scope, at: datetime, options: SigningOptions = DEFAULT
) -> HttpRequest:
    """The request with Host, X-Amz-Date, X-Amz-X509, X-Amz-X509-Chain and Authorization.

    Every other header is signed but those of `canonical.NEVER_SIGNED`. A request that is signed already can be signed
    again.

    Args:
        request: its body whole, unless `options.payload` stands for it.
        identity: the certificate and its key.
        scope: the region of the trust anchor, and the service, which is "rolesanywhere".
        at: the time of signing, aware.
        options: what of the signing differs between services.

    Raises:
        SigningError: the time is naive, a certificate is not valid at that time, or the method, a header or the URL
            cannot be sent as it is.
    """
    date = long_date(at)
    identity.check_validity(at)
    fresh = tuple((name, value) for name, value in request.headers if name.lower() not in _CERTIFICATE_HEADERS)
    return authorize(
        evolve(request, headers=fresh),
        date,
        algorithm=identity.algorithm,
        credential=str(identity.certificate.serial_number),
        credential_scope=scope.credential_scope(date[:8]),
        signer=lambda to_sign: signature(to_sign, identity.private_key),
        added=identity.headers,
        options=options,
    )


def signature(string_to_sign: str, private_key: PrivateKey) -> str:
    """The signature, in hex: RSA with PKCS#1 v1.5, or ECDSA in ASN.1 DER, over the SHA-256 of the string to sign."""
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256

    message = string_to_sign.encode()
    if isinstance(private_key, RSAPrivateKey):
        return private_key.sign(message, PKCS1v15(), SHA256()).hex()
    return private_key.sign(message, ECDSA(SHA256())).hex()


def _name(certificate: Certificate) -> str:
    return repr(certificate.subject.rfc4514_string() or f"serial number {certificate.serial_number}")


def _mismatch(certificate: Certificate, private_key: PrivateKey, chain: tuple[Certificate, ...]) -> list[str]:
    from cryptography.exceptions import UnsupportedAlgorithm

    public_key = private_key.public_key()
    for number, each in enumerate((certificate, *chain), start=1):
        try:
            matches = each.public_key() == public_key
        except (ValueError, UnsupportedAlgorithm):
            matches = False
        if matches:
            first = number == 1
            return [] if first else [f"the private key belongs to certificate {number}, {_name(each)}: put it first"]
    return ["the private key belongs to another certificate"]


def _unfit(certificate: Certificate) -> list[str]:
    """What the trust model wants of an end-entity certificate and this one says it is not."""
    from cryptography.x509 import BasicConstraints, KeyUsage

    values = [extension.value for extension in certificate.extensions]
    problems = []
    if any(isinstance(value, BasicConstraints) and value.ca for value in values):
        problems.append("it is that of a certificate authority, not of an end entity")
    if any(isinstance(value, KeyUsage) and not value.digital_signature for value in values):
        problems.append("its key usage does not include digital signatures")
    return problems
