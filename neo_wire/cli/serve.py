"""`neo-wire serve`: the local service over a real socket, until it is interrupted."""

from __future__ import annotations

import argparse
import os
import signal
from contextlib import suppress

from neo_wire.cli.failure import UsageError
from neo_wire.cli.faults import S3_OPERATIONS, timelines
from neo_wire.credentials.environment import from_environment
from neo_wire.local import EXAMPLE_CREDENTIALS, Artifact, LocalServer, NeoService, Timeline
from neo_wire.signing.credentials import Credentials


def serve(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM, which end it well."""
    credentials = _credentials(arguments)
    service = NeoService(
        credentials=credentials,
        region=arguments.region,
        timeline=timelines(_timeline(arguments), arguments.fail, arguments.slow),
        max_running_jobs=arguments.max_running_jobs,
        rate_limit=arguments.rate_limit,
    )
    for answer, operation, times in arguments.fault:
        (service.buckets if operation in S3_OPERATIONS else service).script(answer, operation=operation, times=times)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        LocalServer(service, host=arguments.host, port=arguments.port) as server,
        suppress(KeyboardInterrupt),  # the way in which a server is ended
    ):
        print(f"SageMaker Neo, local: {server.url} accepts signatures of {credentials.access_key_id}", flush=True)
        print(f"Try: neo-wire list --region eu-west-1 --endpoint-url {server.url}; Ctrl-C ends it", flush=True)
        server.serve_forever()
    return 0


def _credentials(arguments: argparse.Namespace) -> Credentials:
    given = (arguments.access_key_id, arguments.secret_access_key, arguments.session_token)
    if arguments.environment_credentials:
        if any(given):
            raise UsageError("give --environment-credentials or a key pair, not both")
        return from_environment(os.environ)
    if not any(given):
        return EXAMPLE_CREDENTIALS
    if not arguments.access_key_id or not arguments.secret_access_key:
        raise UsageError("give both --access-key-id and --secret-access-key")
    return Credentials(*given)


def _timeline(arguments: argparse.Namespace) -> Timeline:
    if arguments.failure_reason is not None and arguments.outcome != "FAILED" and not arguments.fail:
        raise UsageError("--failure-reason is for jobs that fail; give --outcome FAILED too, or --fail")
    names = ("starting", "in_progress", "stopping", "outcome", "failure_reason")
    options = {name: getattr(arguments, name) for name in names}
    artifact = Artifact() if arguments.digest is None else Artifact(digest=arguments.digest)
    return Timeline(**{name: value for name, value in options.items() if value is not None}, artifact=artifact)
