"""Both variants behind one HTTP API, as `make local` serves them."""

import httpx
import pytest

from tests.local.answers import Served
from tools.runtime.upstream import FakePypistats

UNASKED = (
    "boto3",
    "botocore",
    "urllib3",
    "idna",
    "certifi",
    "click",
    "six",
    "attrs",
    "rsa",
    "zipp",
)
"""Packages that no other test asks this API for."""

each_prefix = pytest.mark.parametrize("prefix", ["", "/flask"], ids=["fastapi", "flask"])


@each_prefix
def test_warm_invocations_share_one_upstream_connection(
    api: Served, upstream: FakePypistats, prefix: str
) -> None:
    before = seen(upstream)
    statuses = [api.client.get(f"{prefix}/packages/{name}").status_code for name in UNASKED]
    after = seen(upstream)

    assert statuses == [200] * len(UNASKED)
    assert after[0] - before[0] <= 1
    assert after[1] - before[1] == len(UNASKED)


@pytest.mark.parametrize(("path", "variant"), [("/health", "fastapi"), ("/flask/health", "flask")])
def test_path_leads_to_its_variant(api: Served, path: str, variant: str) -> None:
    assert api.client.get(path).json()["variant"] == variant


def test_variants_serve_same_figures(api: Served) -> None:
    fastapi, flask = (
        api.client.get(path).json() for path in ("/packages/requests", "/flask/packages/requests")
    )
    assert fastapi["package"] == "requests"
    assert fastapi | {"fetched_at": None} == flask | {"fetched_at": None}


@each_prefix
def test_query_reaches_function(api: Served, prefix: str) -> None:
    answer = api.client.get(
        f"{prefix}/compare", params={"packages": "flask,fastapi", "mirrors": "false"}
    )

    compared = answer.json()["packages"]
    assert [(one["package"], one["stats"]["mirrors"]) for one in compared] == [
        ("flask", False),
        ("fastapi", False),
    ]


@each_prefix
def test_unknown_package_is_a_problem_document(api: Served, prefix: str) -> None:
    answer = api.client.get(f"{prefix}/packages/no-such-package-anywhere")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


def seen(upstream: FakePypistats) -> tuple[int, int]:
    """Connections and requests that the fake pypistats.org has counted."""
    record = httpx.get(f"{upstream.local_url}/_fake/requests", trust_env=False).json()
    return record["connections"], len(record["requests"])
