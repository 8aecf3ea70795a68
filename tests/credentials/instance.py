"""An instance metadata service for tests, which checks what it is asked as the real one does."""

from __future__ import annotations

from attrs import define, field

from tests.credentials.servers import Answer, Asked, in_future

TOKEN_PATH = "/latest/api/token"
EXTENDED = "/latest/meta-data/iam/security-credentials-extended/"
LEGACY = "/latest/meta-data/iam/security-credentials/"
KEYS = {
    "Code": "Success",
    "Type": "AWS-HMAC",
    "AccessKeyId": "ASIAINSTANCE",
    "SecretAccessKey": "the+secret/key",
    "Token": "the-session-token",
    "Expiration": in_future(hours=6),
    "LastUpdated": in_future(hours=-1),
}


@define
class Instance:
    """The service of one instance: `there` says what stands at each path, `instead` overrides an answer."""

    there: dict[str, object] = field(factory=dict)
    instead: dict[str, Answer] = field(factory=dict)
    version_1: bool = False
    """Whether requests without a token are answered."""
    ttl: int = 21_600
    token: int = 0
    """The number of the token that is good."""

    @classmethod
    def with_role(cls, role: str = "the-role", *, extended: bool = True) -> Instance:
        folder, keys = (EXTENDED, KEYS | {"AccountId": "123456789012"}) if extended else (LEGACY, KEYS)
        return cls({folder: role.encode(), folder + role: keys})

    def __call__(self, asked: Asked) -> Answer:
        if asked.target in self.instead:
            return self.instead[asked.target]
        if asked.target == TOKEN_PATH:
            assert asked.method == "PUT"
            assert asked.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600"
            assert asked.body == b""
            assert "x-forwarded-for" not in asked.headers
            self.token += 1
            return Answer(
                body=f"token-{self.token}==".encode(), headers={"x-aws-ec2-metadata-token-ttl-seconds": str(self.ttl)}
            )
        assert asked.method == "GET"
        shown = asked.headers.get("x-aws-ec2-metadata-token")
        if shown != f"token-{self.token}==" and not (shown is None and self.version_1):
            return Answer(401)
        return Answer(body=self.there[asked.target]) if asked.target in self.there else Answer(404)
