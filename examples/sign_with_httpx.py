"""Signs the requests of an ordinary httpx client, blocking and asynchronous, with one `SigV4Auth`.

python examples/sign_with_httpx.py                                        # against the bundled local service
python examples/sign_with_httpx.py --endpoint-url https://api.sagemaker.eu-west-1.amazonaws.com
"""

from __future__ import annotations

import argparse
import asyncio
from contextlib import ExitStack

import httpx

from neo_wire import SigV4Auth
from neo_wire.local import EXAMPLE_CREDENTIALS, LocalServer

HEADERS = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "SageMaker.ListCompilationJobs"}


def show(answer: httpx.Response, auth: SigV4Auth) -> None:
    """Print the answer and, when the signature was refused, how it came about."""
    print(answer.status_code, answer.text)
    if answer.status_code == httpx.codes.FORBIDDEN:
        print(auth.explain(answer.request))


async def call_async(url: str, auth: SigV4Auth) -> None:
    """Send the request from asynchronous code."""
    async with httpx.AsyncClient(auth=auth) as http:
        show(await http.post(url, headers=HEADERS, json={"MaxResults": 1}), auth)


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description="Sign the requests of httpx clients.")
    parser.add_argument("--endpoint-url", help="without it, the bundled local service is used")
    parser.add_argument("--region", default="eu-west-1")
    options = parser.parse_args()
    with ExitStack() as stack:
        url = options.endpoint_url or stack.enter_context(LocalServer()).url
        credentials = None if options.endpoint_url else EXAMPLE_CREDENTIALS  # None: those of the environment
        auth = SigV4Auth("sagemaker", region=options.region, credentials=credentials)
        with httpx.Client(auth=auth) as http:
            show(http.post(url, headers=HEADERS, json={"MaxResults": 1}), auth)
        asyncio.run(call_async(url, auth))


if __name__ == "__main__":
    main()
