"""What a client is beside its connections: what was given in code, and what is found out from it at the first call.

Nothing is read or asked before that. Clients that are derived from each other share the profile files, the credentials
and the retry quota.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol, TypeVar

import attrs

from neo_wire._version import __version__
from neo_wire.config.endpoints import Endpoint, parse_endpoint_url
from neo_wire.config.profile_files import ProfileFiles
from neo_wire.config.proxies import proxy_for
from neo_wire.config.service_endpoint import service_endpoint
from neo_wire.config.settings import Settings, in_instance_region, resolve_settings
from neo_wire.config.sources import CODE
from neo_wire.errors import CallTimeout, ConfigurationError
from neo_wire.flow import Flow, exclusive, monotonic
from neo_wire.given_options import (
    check_callback,
    check_credentials,
    refuse_underivable,
    refuse_unknown,
    settings_in_code,
    timeout_in_code,
    tls_in_code,
)
from neo_wire.http import Route, Timeout, Url
from neo_wire.machine import home_folder, new_ids, platform_names, random_fraction
from neo_wire.signing.credentials import Credentials

if TYPE_CHECKING:
    from neo_wire.attempts import Conversation
    from neo_wire.call import CallSettings
    from neo_wire.client_options import CallOptions, ClientOptions
    from neo_wire.credentials.context import Context
    from neo_wire.explanation import Explanation
    from neo_wire.json_service import Service
    from neo_wire.retries.policy import Retries
    from neo_wire.service import Operation

I = TypeVar("I")  # noqa: E741  # Smithy's letters for input and output
O = TypeVar("O")  # noqa: E741  # as above


class _Invoke(Protocol):
    """The type of `neo_wire.call.invoke`."""

    def __call__(
        self,
        operation: Operation[I, O],
        input: I,  # noqa: A002  # Smithy's word
        settings: CallSettings,
        *,
        began: float | None = None,
    ) -> Flow[O]: ...


class _Found:
    """What was found out for a whole family of clients."""

    def __init__(
        self,
        settings: Settings,
        files: ProfileFiles,
        user_agent: str,
        credentials: Callable[[float | None], Flow[Credentials]],
        replace: Callable[[Credentials, float | None], Flow[Credentials | None]] | None,
        retries: Retries,
    ) -> None:
        self.settings = settings
        self.files = files
        self.user_agent = user_agent
        self.credentials = credentials
        self.replace = replace
        self.retries = retries


class Session:
    """The options of one client, and what comes of them.

    Args:
        service: whose operations are called.
        options: as the user gave them.
        lock: makes a lock for what calls share.

    Raises:
        ConfigurationError: an option that cannot be used, whatever the environment and the profile say.
        TypeError: there is no such option.
    """

    def __init__(
        self, service: Service, options: ClientOptions, *, lock: Callable[[], AbstractContextManager[object]]
    ) -> None:
        refuse_unknown(options)
        self.service = service
        self.options = options
        self._lock = lock
        self._environ: Mapping[str, str] = options.get("environ", os.environ)
        self._code = settings_in_code(options)
        self._timeout = timeout_in_code(options.get("timeout"))
        self._tls = tls_in_code(options)
        self._check()
        self._family: dict[str, _Found] = {}  # one entry at most; shared with derived clients
        self._instance: dict[str, str | None] = {}  # the region that this machine is in, once asked for; shared too
        self._root = self  # the session that this one derives from in the end
        self._ready: CallSettings | None = None
        self._invoke: _Invoke  # set before `_ready`

    def __str__(self) -> str:
        if self._ready is not None:
            return f"{str(self._ready.url)!r}, region={self._ready.scope.region!r}"
        given = {name: self._code[name] for name in ("endpoint_url", "region", "profile") if name in self._code}
        return ", ".join(f"{name}={value!r}" for name, value in given.items())

    def derive(self, changes: CallOptions) -> Session:
        """The session of a client with other options for its calls, which shares all that was found out.

        Raises:
            ConfigurationError: an option that cannot be used.
            TypeError: there is no such option.
        """
        refuse_underivable(changes)
        options: ClientOptions = {**self.options, **changes}
        derived = Session(self.service, options, lock=self._lock)
        derived._family, derived._instance, derived._root = (
            self._family,
            self._instance,
            self._root,
        )  # of the same class
        return derived

    def invoke(self, operation: Operation[I, O], input: I) -> Flow[O]:  # noqa: A002  # Smithy's word
        """Call one operation; at the first call, find out what is needed for it."""
        # No generator of its own around each later call: an effect passes through every one of them.
        return self._first(operation, input) if self._ready is None else self._invoke(operation, input, self._ready)

    def _first(self, operation: Operation[I, O], input: I) -> Flow[O]:  # noqa: A002  # as above
        began = yield from monotonic()
        ready = yield from self.prepare()
        return (yield from self._invoke(operation, input, ready, began=began))

    def prepare(self) -> Flow[CallSettings]:
        """Read the environment and the profile files, and resolve all that calls need; once.

        Raises:
            ConfigurationError: a setting is missing or cannot be used, or a profile file cannot be read.
        """
        from neo_wire.call import CallSettings, invoke  # here, so that making a client brings neither codec nor signer
        from neo_wire.signing.sigv4 import Scope

        settings, files = yield from self._settings()
        found = self._family.get("found")
        if found is None:
            # Of several first calls at a time each reads the files, and one of them wins, whole.
            found = self._family.setdefault(
                "found", self._root._find_out(self._settings_of_family(settings, files), files)
            )
        endpoint = self._endpoint(settings)
        self._invoke = invoke
        self._ready = CallSettings(
            url=endpoint.url,
            scope=Scope(endpoint.signing_region, self.service.signing_name),
            credentials=found.credentials,
            replace=found.replace,
            timeout=self._timeout or Timeout(connect=settings.connect_timeout),
            validate_input=self.options.get("validate_input", True) and settings.parameter_validation,
            json_loads=self.options.get("json_loads"),
            retries=attrs.evolve(found.retries, max_attempts=settings.max_attempts),
            route=self._route(settings, endpoint.url),
            emit=self.options.get("on_event"),
            user_agent=found.user_agent,
        )
        return self._ready

    def context(self) -> Flow[Context]:
        """What the providers of credentials are told, and the flows that send to other services, such as S3."""
        if "found" not in self._family:
            yield from self.prepare()
        found = self._family["found"]
        return self._root._context(found.settings, found.files)

    def credentials(self) -> Flow[Credentials]:
        """Have credentials as a call has them."""
        if "found" not in self._family:
            yield from self.prepare()
        return (yield from self._family["found"].credentials(None))

    def explain(self) -> Flow[Explanation]:
        """Find out where everything comes from, asking the sources of credentials as a call would."""
        from neo_wire.credentials.chain import explain  # here, as a call has no use for it
        from neo_wire.explanation import Explanation, SettingRow

        settings, files = yield from self._settings()
        context = self._root._context(self._settings_of_family(settings, files), files)
        rows = yield from explain(context, self.options.get("credentials"))
        endpoint, problem = None, ""
        try:
            endpoint = self._endpoint(settings)
            self._route(settings, endpoint.url)
        except ConfigurationError as error:
            endpoint, problem = None, str(error)
        rows_of_settings = [
            (name, getattr(settings, name, None), origin)
            for name, origin in settings.origins.items()
            if name != "endpoint_url"
        ]
        return Explanation(
            credentials=rows,
            endpoint=str(endpoint.url) if endpoint else "",
            problem=problem,
            settings=(
                *(SettingRow(*row) for row in rows_of_settings),
                SettingRow("endpoint_url", *settings.endpoint_url_and_origin(self.service.name)),
            ),
        )

    def _check(self) -> None:
        """Refuse what is wrong whatever the environment and the profile say; for that no file is read."""
        if (url := self.options.get("endpoint_url")) is not None:
            parse_endpoint_url(url)
        code = {name: value for name, value in self._code.items() if name != "profile"}
        settings = resolve_settings(code, {}, ProfileFiles(), service_id=self.service.name)
        if settings.region is not None or settings.endpoint_url_in_code is not None:
            self._endpoint(attrs.evolve(settings, region=settings.region or "us-east-1"))
        proxy_for(Url("https", "example.com"), {}, self.options.get("proxies"))
        check_credentials(self.options.get("credentials"))
        check_callback(self.options.get("on_event"))

    def _settings(self) -> Flow[tuple[Settings, ProfileFiles]]:
        found = self._family.get("found")
        if found is not None:
            settings, files = (
                resolve_settings(self._code, self._environ, found.files, service_id=self.service.name),
                found.files,
            )
        else:
            from neo_wire.configure import load_settings  # here, as making a client reads nothing

            settings, files = yield from load_settings(
                self._code,
                self._environ,
                home_folder(self._environ),
                service_id=self.service.name,
                windows=os.name == "nt",
            )
        if settings.needs_instance_region:
            from neo_wire.credentials.imds import fetch_region  # here, as few clients need it

            def ask() -> Flow[None]:
                if "region" not in self._instance:
                    self._instance["region"] = yield from fetch_region(self._context(settings, files))

            if "region" not in self._instance:
                total = (self._timeout or Timeout()).total
                try:
                    yield from exclusive((self._root, "region"), ask, timeout=total)
                except TimeoutError:
                    raise _no_region_in_time(total) from None
            settings = in_instance_region(settings, self._instance["region"])
        return settings, files

    def _settings_of_family(self, settings: Settings, files: ProfileFiles) -> Settings:
        """What credentials are had by, whichever of the derived clients calls first: the settings that all derive from.

        When those have no region, the first caller's counts.
        """
        if self._root is self:
            return settings
        root = resolve_settings(self._root._code, self._environ, files, service_id=self.service.name)
        if root.region is not None or settings.region is None:
            return root
        return attrs.evolve(
            root, region=settings.region, origins={**root.origins, "region": settings.origins["region"]}
        )

    def _find_out(self, settings: Settings, files: ProfileFiles) -> _Found:
        agent, retries = self._user_agent(settings), self._retries(settings)
        given = self.options.get("credentials")
        if isinstance(given, Credentials):
            return _Found(settings, files, agent, _fixed(given), None, retries)
        from neo_wire.credentials.cache import CredentialsCache  # here, as a key pair in code needs neither
        from neo_wire.credentials.chain import resolve

        provider = resolve(self._context(settings, files), given)
        cache = CredentialsCache(provider, random=random_fraction, on_refreshed=self._refreshed)
        return _Found(settings, files, agent, cache.current, cache.replace, retries)

    def _retries(self, settings: Settings) -> Retries:
        from neo_wire.retries.policy import new_retries  # here, as making a client has no use for it

        return new_retries(
            random=random_fraction,
            new_id=new_ids(),
            mode="adaptive" if settings.retry_mode == "adaptive" else "standard",
            max_attempts=settings.max_attempts,
            correct_clock_skew=not settings.disable_clock_skew_correction,
            lock=self._lock,
        )

    def _context(self, settings: Settings, files: ProfileFiles) -> Context:
        from neo_wire.attempts import Conversation  # here, as a key pair in code needs neither
        from neo_wire.credentials.context import Context

        timeout = self._timeout or Timeout(connect=settings.connect_timeout)

        def conversation(url: Url) -> Conversation:
            return Conversation(
                timeout, self._route(settings, url), self._retries(settings), self.options.get("on_event"), url.origin
            )

        return Context(
            settings=settings,
            files=files,
            profile=settings.profile_name,
            profile_in_code=settings.origins.get("profile_name") == CODE,
            environ=self._environ,
            home=home_folder(self._environ),
            region=settings.region,
            conversation=conversation,
            mfa=self.options.get("mfa"),
            random=random_fraction,
            new_id=new_ids(),
            user_agent=self._user_agent(settings),
            windows=os.name == "nt",
        )

    def _endpoint(self, settings: Settings) -> Endpoint:
        return service_endpoint(
            settings,
            self.service.name,
            settings.required_region(),
            endpoint_prefix=self.service.endpoint_prefix,
        )

    def _route(self, settings: Settings, url: Url) -> Route:
        tls = self._tls
        if tls.ca_bundle is None and tls.context is None and settings.ca_bundle is not None:
            tls = attrs.evolve(tls, ca_bundle=settings.ca_bundle)
        return Route(
            proxy=proxy_for(url, self._environ, self.options.get("proxies")),
            tls=tls,
            http2=bool(self.options.get("http2", False)),
        )

    def _user_agent(self, settings: Settings) -> str:
        from neo_wire.config.user_agent import Feature, user_agent  # here, as making a client has no use for it

        features = {Feature.RETRY_ADAPTIVE if settings.retry_mode == "adaptive" else Feature.RETRY_STANDARD}
        if settings.endpoint_url(self.service.name) is not None:
            features.add(Feature.ENDPOINT_OVERRIDE)
        if self.options.get("credentials") is not None:
            features.add(Feature.CREDENTIALS_CODE)
        return user_agent(
            __version__,
            **platform_names(),
            execution_env=settings.execution_env,
            retry_mode=settings.retry_mode,
            app_id=settings.sdk_ua_app_id,
            features=features,
            extra=self.options.get("user_agent_extra"),
        )

    def _refreshed(self, credentials: Credentials) -> None:
        emit = self.options.get("on_event")
        if emit is not None:
            from neo_wire.events import CredentialsRefreshed, tell  # here, as few clients are listened to

            tell(emit, CredentialsRefreshed(credentials.source, credentials.expiration))


def _no_region_in_time(total: float) -> CallTimeout:
    error = CallTimeout(
        f"the call does not fit into its total timeout of {total:g} s: the instance has not said what region it is in",
        endpoint="the instance metadata service",
        maybe_processed=False,
        attempts=0,
    )
    error.elapsed, error.stopped = total, "total timeout"
    return error


def _fixed(credentials: Credentials) -> Callable[[float | None], Flow[Credentials]]:
    """Credentials that were given in code: there is nothing to fetch and nothing to replace."""

    def current(_timeout: float | None) -> Flow[Credentials]:
        yield from ()  # a flow is a generator, even one that asks for nothing
        return credentials

    return current
