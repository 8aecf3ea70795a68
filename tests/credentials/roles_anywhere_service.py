"""IAM Roles Anywhere as the tests need it: checks certificate, chain and signature by the published process.

Nothing of neo_wire is used here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from attrs import define, field
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

ANCHOR = "arn:aws:rolesanywhere:eu-west-1:123456789012:trust-anchor/7c4f6b0e-9d2a-4a53-8a52-3a5a3d2f0c11"
PROFILE = "arn:aws:rolesanywhere:eu-west-1:123456789012:profile/0b5e3f66-61f9-4a5c-9d39-5d6a6c1f9e22"
ROLE = "arn:aws:iam::123456789012:role/edge"
AUTHORIZATION = re.compile(
    r"(AWS4-X509-(?:RSA|ECDSA)-SHA256) Credential=([0-9]+)/([0-9]{8})/([a-z0-9-]+)/rolesanywhere/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]+)"
)


class Refused(Exception):
    """What the server answers 403 with."""


def require(holds: bool, message: str) -> None:
    if not holds:
        raise Refused(message)


@define
class RolesAnywhere:
    """The service: it trusts one authority, and gives numbered credentials."""

    trusted: x509.Certificate
    serials: list[int] = field(factory=list)
    """Of the certificates that came, one a session."""
    bodies: list[dict[str, Any]] = field(factory=list)
    failures: list[tuple[int, str]] = field(factory=list)
    """Statuses and bodies to answer with, before all else."""
    url: str = ""

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        if self.failures:
            return self.failures.pop(0)
        try:
            certificate = self.check(method, target, headers, body)
        except Refused as refused:
            return 403, json.dumps({"__type": "AccessDeniedException", "message": str(refused)})
        self.serials.append(certificate.serial_number)
        self.bodies.append(json.loads(body))
        expiration = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
        credentials = {
            "accessKeyId": f"ASIA{len(self.serials)}",
            "secretAccessKey": "temporary",
            "sessionToken": "token",
            "expiration": expiration.isoformat().replace("+00:00", "Z"),
        }
        user = {"arn": "arn:aws:sts::123456789012:assumed-role/edge/1", "assumedRoleId": "AROA:1"}
        session = {"assumedRoleUser": user, "credentials": credentials, "packedPolicySize": 1, "roleArn": ROLE}
        return 201, json.dumps({"credentialSet": [session], "subjectArn": "arn:aws:rolesanywhere:::subject/1"})

    def check(self, method: str, target: str, headers: dict[str, str], body: bytes) -> x509.Certificate:
        path, _, query = target.partition("?")
        require((method, path) == ("POST", "/sessions"), f"{method} {path} is no operation")
        wanted = {"profileArn": PROFILE, "roleArn": ROLE, "trustAnchorArn": ANCHOR}
        require(dict(parse_qsl(query)) == wanted, "Unknown trust anchor, profile or role")
        require(headers.get("content-type") == "application/json", "not JSON")

        certificate = x509.load_der_x509_certificate(base64.b64decode(headers["x-amz-x509"], validate=True))
        chain = [
            x509.load_der_x509_certificate(base64.b64decode(part, validate=True))
            for part in filter(None, headers.get("x-amz-x509-chain", "").split(","))
        ]
        self.check_chain(certificate, chain)

        found = AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        require(found is not None, "no Authorization of the X.509 kind")
        assert found is not None
        algorithm, serial, day, region, names, signature = found.groups()
        require(int(serial) == certificate.serial_number, "the credential is not the serial number")
        require(region == "eu-west-1", "another region")
        date = headers["x-amz-date"]
        at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        require(abs(datetime.now(UTC) - at) < timedelta(minutes=5) and day == date[:8], "the time is off")
        must = {"content-type", "host", "x-amz-date", "x-amz-x509", *(["x-amz-x509-chain"] if chain else [])}
        require(set(names.split(";")) == must, f"signed are {names}")

        canonical = "\n".join(
            [
                method,
                path,
                "&".join(sorted(query.split("&"))),
                *(f"{name}:{' '.join(headers[name].split())}" for name in sorted(names.split(";"))),
                "",
                names,
                hashlib.sha256(body).hexdigest(),
            ]
        )
        scope = f"{day}/{region}/rolesanywhere/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"{algorithm}\n{date}\n{scope}\n{digest}".encode()
        key = certificate.public_key()
        try:
            if isinstance(key, rsa.RSAPublicKey):
                require(algorithm == "AWS4-X509-RSA-SHA256", "the algorithm is not that of the key")
                key.verify(bytes.fromhex(signature), text, padding.PKCS1v15(), hashes.SHA256())
            else:
                assert isinstance(key, ec.EllipticCurvePublicKey)
                require(algorithm == "AWS4-X509-ECDSA-SHA256", "the algorithm is not that of the key")
                key.verify(bytes.fromhex(signature), text, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise Refused("the signature is not that of the certificate's key") from None
        return certificate

    def check_chain(self, certificate: x509.Certificate, chain: list[x509.Certificate]) -> None:
        for one, issuer in zip([certificate, *chain], [*chain, self.trusted], strict=True):
            require(one.not_valid_before_utc <= datetime.now(UTC) <= one.not_valid_after_utc, "expired certificate")
            try:
                one.verify_directly_issued_by(issuer)
            except (ValueError, TypeError, InvalidSignature):
                raise Refused("Untrusted certificate. Untrusted signing certificate") from None
