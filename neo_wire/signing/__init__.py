"""AWS request signing, usable without the rest of the library.

Pure functions over `HttpRequest`: sign it in its headers (`sign`) or in its query (`presign`), check a signature
(`verify`), or see how one came about (`explain`). The module `sigv4a` signs for several regions at once, `x509` with a
certificate; both need the extra `neo-wire[crypto]`.

Each name is imported from its module when it is first used; type checkers read `__init__.pyi`.
"""

from neo_wire._lazy import lazy_names

_MODULES = {
    "neo_wire.signing.authorization": """
        Authorization Refusal read_authorization
    """,
    "neo_wire.signing.canonical": """
        NEVER_SIGNED canonical_headers canonical_path canonical_query canonical_request payload_hash
    """,
    "neo_wire.signing.credentials": """
        Credentials
    """,
    "neo_wire.signing.explanation": """
        Explanation explain
    """,
    "neo_wire.signing.presigning": """
        PresignedRequest presign
    """,
    "neo_wire.signing.sigv4": """
        ALGORITHM S3 Scope SigningOptions UNSIGNED_PAYLOAD hmac_signer long_date sign signing_key string_to_sign
    """,
    "neo_wire.signing.sigv4a": """
        forget_keys
    """,
    "neo_wire.signing.verification": """
        Verification verify
    """,
}
_MODULE_OF, __getattr__ = lazy_names(__name__, _MODULES)

__all__ = [*_MODULE_OF]  # names that are known to be strings


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return __all__
