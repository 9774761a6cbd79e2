"""Both variants behind one HTTP API, as `make local` serves them."""

from collections.abc import Iterator

import httpx
import pytest

from tests.local.answers import TEN_PACKAGES, ServeApi
from tools.runtime.upstream import FakePypistats


@pytest.fixture(scope="module")
def api(serve_api: ServeApi) -> Iterator[httpx.Client]:
    with serve_api() as client:
        yield client


@pytest.mark.parametrize("prefix", ["", "/flask"], ids=["fastapi", "flask"])
def test_warm_invocations_share_one_upstream_connection(
    api: httpx.Client, upstream: FakePypistats, prefix: str
) -> None:
    # The module's first test: nothing has gone upstream from these containers before.
    before = seen(upstream)
    statuses = [api.get(f"{prefix}/packages/{name}").status_code for name in TEN_PACKAGES]
    after = seen(upstream)

    assert statuses == [200] * 10
    assert (after[0] - before[0], after[1] - before[1]) == (1, 10)


@pytest.mark.parametrize(("path", "variant"), [("/health", "fastapi"), ("/flask/health", "flask")])
def test_a_path_leads_to_its_variant(api: httpx.Client, path: str, variant: str) -> None:
    assert api.get(path).json()["variant"] == variant


def test_both_variants_serve_the_same_figures(api: httpx.Client) -> None:
    fastapi, flask = (
        api.get(path).json() for path in ("/packages/requests", "/flask/packages/requests")
    )
    assert fastapi["package"] == "requests"
    assert fastapi | {"fetched_at": None} == flask | {"fetched_at": None}


@pytest.mark.parametrize("prefix", ["", "/flask"], ids=["fastapi", "flask"])
def test_a_query_reaches_the_function(api: httpx.Client, prefix: str) -> None:
    answer = api.get(f"{prefix}/compare", params={"packages": "flask,fastapi", "mirrors": "false"})

    compared = answer.json()["packages"]
    assert [(one["package"], one["stats"]["mirrors"]) for one in compared] == [
        ("flask", False),
        ("fastapi", False),
    ]


@pytest.mark.parametrize("prefix", ["", "/flask"], ids=["fastapi", "flask"])
def test_an_unknown_package_is_a_problem_document(api: httpx.Client, prefix: str) -> None:
    answer = api.get(f"{prefix}/packages/no-such-package-anywhere")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


def seen(upstream: FakePypistats) -> tuple[int, int]:
    """Connections and requests that the stand-in has counted."""
    record = httpx.get(f"{upstream.local_url}/_fake/requests", trust_env=False).json()
    return record["connections"], len(record["requests"])
