"""Encoded paths through real servers: uvicorn for FastAPI, werkzeug for Flask."""

from collections.abc import Iterator

import httpx
import pytest

from tests.http.gateway import flask_served
from tests.http.served import Clock, Served
from tests.serving import NO_CERTIFICATES
from tools.fake_pypistats import FakePypistats


@pytest.fixture(params=["fastapi", "flask"])
def client(
    request: pytest.FixtureRequest, api: Served, fake_pypistats: FakePypistats, clock: Clock
) -> Iterator[httpx.Client]:
    if request.param == "fastapi":
        yield api.client
        return
    with (
        flask_served(fake_pypistats.url, clock) as url,
        httpx.Client(base_url=url, trust_env=False, verify=NO_CERTIFICATES) as flask_client,
    ):
        yield flask_client


@pytest.mark.parametrize(
    "name", ["good%2Fdownloads", "a%00b", "requests%0A", "%7F", "..%2Fhealth", "a%252Fb"]
)
def test_encoded_characters_belong_to_the_name(
    client: httpx.Client, fake_pypistats: FakePypistats, name: str
) -> None:
    answer = client.get(f"/packages/{name}")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["location"], error["parameter"]) == ("path", "package")
    assert answer.json()["instance"] == f"/packages/{name}"
    assert fake_pypistats.requests == []


@pytest.mark.parametrize("path", ["/health%0A", "/health%2F", "/packages%2Frequests", "/%2Fhealth"])
def test_encoded_slash_makes_no_other_route(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["instance"] == path


def test_other_characters_may_be_encoded(client: httpx.Client) -> None:
    assert client.get("/packages/%72equests").json()["package"] == "requests"
