"""Carries aiodynamo's requests over an httpx client, and reads responses up to a size limit."""

from contextlib import aclosing
from typing import Final

import httpx
from aiodynamo.http.types import Request, RequestFailed, Response

from pulse.body import BodyReader
from pulse.problems import UpstreamBroken
from pulse_io.clients import read_body

MAX_BODY_BYTES: Final = 24_000_000
"""Decompressed. DynamoDB's largest response has 16 MB of items, and JSON has bytes as Base64."""

SOURCE: Final = "DynamoDB"


class DynamoDBHttp:
    """An `HttpImplementation` of aiodynamo."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def __call__(self, request: Request) -> Response:
        """Send a request.

        Raises:
            TimeoutError: there was no response in time.
            RequestFailed: the server was not reached, or the connection broke.
            ValueError: the response can't be read.
        """
        built = self._client.build_request(
            request.method, request.url, headers=request.headers, content=request.body
        )
        try:
            async with aclosing(await self._client.send(built, stream=True)) as response:
                reader = BodyReader(response.headers, MAX_BODY_BYTES, SOURCE)
                return Response(response.status_code, await read_body(response, reader))
        except httpx.TimeoutException:
            raise TimeoutError from None
        except httpx.HTTPError as error:
            raise RequestFailed(error) from None
        except UpstreamBroken as problem:
            raise ValueError(problem.detail) from None
