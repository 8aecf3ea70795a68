"""The User-Agent header, against botocore's, which has the same layout under another name."""

from __future__ import annotations

import re
from typing import Any

import botocore.useragent
from botocore.config import Config
from botocore.useragent import UserAgentString
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.config import user_agent as module
from neo_wire.config.user_agent import Feature, user_agent

HERE: dict[str, Any] = {
    "os_name": "Linux",
    "os_version": "5.10.0-8-generic",
    "machine": "x86_64",
    "python_version": "3.12.1",
    "implementation": "CPython",
}


def botocores(
    *,
    execution_env: str | None,
    retry_mode: str,
    app_id: str | None,
    extra: str | None,
    features: set[str],
    **here: str,
) -> str:
    """What botocore makes of the same facts, under our name."""
    options: dict[str, Any] = {"retries": {"mode": retry_mode}, "user_agent_appid": app_id, "user_agent_extra": extra}
    make: Any = UserAgentString  # its stubs are narrower than it is
    made = make(
        platform_name=here["os_name"],
        platform_version=here["os_version"],
        platform_machine=here["machine"],
        python_version=here["python_version"],
        python_implementation=here["implementation"],
        execution_env=execution_env,
    )
    made.set_client_features(features)
    text: str = made.with_client_config(Config(**options)).to_string()
    return text.replace(f"Botocore/{botocore.__version__}", "neo-wire/1.2.3", 1)


def test_the_whole_header() -> None:
    made = user_agent(
        "1.2.3",
        **HERE,
        execution_env="AWS_Lambda_python3.12",
        retry_mode="adaptive",
        app_id="my#app/1",
        features={Feature.PAGINATOR, Feature.WAITER, Feature.CREDENTIALS_IMDS},
        extra="mine/2",
    )
    assert made == (
        "neo-wire/1.2.3 ua/2.1 os/linux#5.10.0-8-generic md/arch#x86_64 lang/python#3.12.1 md/pyimpl#CPython "
        "exec-env/AWS_Lambda_python3.12 m/0,B,C cfg/retry-mode#adaptive app/my#app-1 mine/2"
    )


def test_what_is_not_known_has_no_part_in_it() -> None:
    made = user_agent(
        "1.2.3", os_name="", os_version="", machine="", python_version="3.11.0", implementation="", app_id="", extra=" "
    )
    assert made == "neo-wire/1.2.3 ua/2.1 os/other lang/python#3.11.0 cfg/retry-mode#standard"


TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(
    os_name=st.one_of(st.sampled_from(["Linux", "Darwin", "Windows", "Android", "iOS", "FreeBSD", "Java"]), TEXTS),
    os_version=st.one_of(st.just(""), TEXTS),
    machine=st.one_of(st.just(""), st.sampled_from(["AMD64", "arm64"]), TEXTS),
    python_version=TEXTS,
    implementation=st.one_of(st.just(""), TEXTS),
    execution_env=st.one_of(st.none(), TEXTS),
    retry_mode=st.sampled_from(["standard", "adaptive"]),
    app_id=st.one_of(st.none(), TEXTS),
    extra=st.one_of(st.none(), st.just("mine/2 and#more (x)")),
    features=st.sets(st.sampled_from(sorted(Feature)), max_size=1),
)
def test_it_is_botocores_under_our_own_name(**facts: Any) -> None:
    assert user_agent("1.2.3", **facts) == botocores(**facts)


@given(*[TEXTS] * 4)
def test_no_fact_brings_a_character_that_no_header_can_have(system: str, machine: str, app_id: str, extra: str) -> None:
    facts = {**HERE, "os_name": system, "machine": machine}
    made = user_agent("1", **facts, execution_env=system, app_id=app_id, extra=extra, features={app_id, "B"})
    assert re.fullmatch(r"[ -~]+", made)
    assert made == made.strip()


def test_the_features_have_1024_bytes_at_most() -> None:
    many = {f"f{number:03}" for number in range(400)}
    (part,) = [part for part in user_agent("1", **HERE, features=many).split() if part.startswith("m/")]
    kept = part.removeprefix("m/").split(",")
    assert kept == sorted(many)[: len(kept)]  # the last one whole
    assert 1024 - len(",f000") < len(part) <= 1024
    exact = {"a" * 1022}
    assert f" m/{'a' * 1022} " in user_agent("1", **HERE, features=exact)
    assert " m/" not in user_agent("1", **HERE, features={"a" * 1023})
    assert f" m/{'a' * 1020} " in user_agent("1", **HERE, features={"a" * 1020, "bb"})
    assert f" m/{'a' * 1020},b " in user_agent("1", **HERE, features={"a" * 1020, "b"})


def test_the_ids_of_the_features_are_botocores() -> None:
    theirs = vars(botocore.useragent)["_USERAGENT_FEATURE_MAPPINGS"]
    assert {str(feature) for feature in Feature} <= set(theirs.values())
    assert theirs["WAITER"] == Feature.WAITER
    assert theirs["CREDENTIALS_IMDS"] == Feature.CREDENTIALS_IMDS
    assert theirs["CREDENTIALS_PROFILE_SSO_LEGACY"] == Feature.CREDENTIALS_PROFILE_SSO_LEGACY
    assert theirs["CREDENTIALS_LOGIN"] == Feature.CREDENTIALS_LOGIN


def test_a_long_app_id_is_sent_all_the_same() -> None:
    assert user_agent("1", **HERE, app_id="a" * 51).endswith(" app/" + "a" * 51)


PLAIN = r"a-zA-Z0-9!$%&'*+\-.^_`|~,"


@given(text=st.text("aZ09-_.:;/%@+#!~ \t\n\r\x7f\x85é²\u2028", max_size=12) | st.text(max_size=12))
def test_the_characters_that_are_let_through(text: str) -> None:
    assert module._only(module._PLAIN, text) == re.sub(rf"[^{PLAIN}]", "-", text)
    assert module._only(module._PLAIN_OR_HASH, text) == re.sub(rf"[^{PLAIN}#]", "-", text)
    assert module._only(module._SENDABLE, text) == re.sub(r"[^ -~]", "-", text)
