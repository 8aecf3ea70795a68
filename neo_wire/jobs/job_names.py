"""Names for compilation jobs: the same for the same parts, other ones for others, and valid whatever the parts are.

Source: Amazon SageMaker API reference, CreateCompilationJob (CompilationJobName).
"""

from __future__ import annotations

import json
import re
import unicodedata
from hashlib import blake2b
from typing import Final

from neo_wire.errors import InputValidationError, Violation
from neo_wire.jobs.targets import Target

LONGEST_NAME: Final = 63
_HASH_BYTES: Final = 5
_READABLE: Final = LONGEST_NAME - 2 * _HASH_BYTES - 1
_VALID: Final = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", re.ASCII)
_LOOKS_HASHED: Final = re.compile(rf"(.*-)?[0-9a-f]{{{2 * _HASH_BYTES}}}", re.ASCII)


def job_name(*parts: str | Target) -> str:
    """One name of at most 63 characters for a job, such as `resnet50-jetson-xavier-1f0c9a22d7`.

    One part that is a valid name already is kept as it is. Anything else is made of what is readable of the parts,
    the longest shortened first, and of ten digits of a hash of the parts as they were given: so `a_b` and `a-b`, or
    `a`, `b` and `a-b`, have names of their own. The hash is of forty bits: among a thousand jobs two names are the same
    by chance about once in two million times. The names do not change between processes and versions of Python.

    Args:
        parts: what the job is about: the model, its version, the target.

    Raises:
        InputValidationError: there is no part, or all are empty.
    """
    texts = [str(part) for part in parts]
    if not any(texts):
        raise InputValidationError("job_name", [Violation("CompilationJobName", "has no part; give the model's name")])
    only = texts[0]
    # A name that ends as ours do gets a hash too: it may be the name that other parts have.
    if len(texts) == 1 and len(only) <= LONGEST_NAME and _VALID.fullmatch(only) and not _LOOKS_HASHED.fullmatch(only):
        return only
    digest = blake2b(json.dumps(texts).encode(), digest_size=_HASH_BYTES).hexdigest()
    words = _shortened([word for word in map(_readable, texts) if word])
    return "-".join([*words, digest])


def _readable(text: str) -> str:
    """What is left of a text in letters, digits and single hyphens; accents fall off their letters."""
    decomposed = unicodedata.normalize("NFKD", text[: 4 * LONGEST_NAME])
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return re.sub(r"[^a-zA-Z0-9]+", "-", plain).strip("-")[:LONGEST_NAME].rstrip("-")


def _shortened(words: list[str]) -> list[str]:
    """The words, cut until they and the hyphens between them fit; always the longest is cut."""
    words = words[: _READABLE // 2]
    while sum(map(len, words)) + len(words) - 1 > _READABLE:
        longest = max(range(len(words)), key=lambda index: len(words[index]))
        words[longest] = words[longest][:-1].rstrip("-")
    return words
