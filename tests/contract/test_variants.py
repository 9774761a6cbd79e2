"""Both variants give byte-identical responses to any request."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.variants import VARIANTS, Answer, Ask, asking, handler_of
from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.packages import DOWNLOADS_PER_DAY

NAMES = st.sampled_from(
    [*DOWNLOADS_PER_DAY, "Requests", "typing.extensions", "no-such", "-x-", "é"]
)
PATHS = (
    NAMES.map(lambda name: f"/packages/{quote(name)}")
    | NAMES.map(lambda name: f"/packages/{quote(name)}/downloads")
    | st.sampled_from(["/compare", "/health", "/packages", "/nope"])
    | st.text(alphabet="/ap%20F.é\n😀", min_size=1, max_size=12).map(
        lambda text: f"/{quote(text, safe='/%')}"
    )
)
LISTS = st.lists(NAMES, max_size=6).map(lambda names: "packages=" + quote(",".join(names)))
OTHERS = [
    *("", "mirrors=true", "mirrors=false", "mirrors=", "x=1", "%ff=%fe&&="),
    *("by=overall", "by=python_major", "by=python_minor", "by=system", "by=moon"),
    *("period=week", "period=month", "format=csv", "format=json", "format=xml"),
    *("_=1", "packages[]=requests", "packages%5B%5D=flask,-x-", "by[]=overall"),
    *("start=2026-11-01", "start=2020-01-01", "start=now", "end=2026-11-10", "end=2026-10-01"),
]
QUERIES = st.lists(LISTS | st.sampled_from(OTHERS), max_size=4).map("&".join)
ACCEPTS = st.sampled_from(["*/*", "application/json", "text/csv", "text/csv;q=0.1, */*;q=0.2"])


@pytest.fixture
def variants(fake_pypistats: FakePypistats) -> Iterator[list[Ask]]:
    with ExitStack() as stack:
        yield [
            asking(stack.enter_context(handler_of(variant, PYPISTATS_URL=fake_pypistats.url)))
            for variant in VARIANTS
        ]


def comparable(answer: Answer) -> tuple[int, str | None, str | None, str]:
    """The parts that must not differ: all but `fetched_at`, `variant`, and an empty body's type."""
    body = re.sub(r'"fetched_at":"[^"]*"|"variant":"[^"]*"', "", answer.body)
    headers = answer.headers
    content_type = headers["content-type"] if answer.status != 204 else None
    return answer.status, content_type, headers.get("allow"), body


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=PATHS,
    query=QUERIES,
    method=st.sampled_from(["GET"] * 9 + ["HEAD", "POST", "OPTIONS"]),
    accept=ACCEPTS,
)
def test_variants_answer_alike(
    variants: list[Ask], path: str, query: str, method: str, accept: str
) -> None:
    fastapi, *flasks = [comparable(ask(path, query, method, accept=accept)) for ask in variants]
    assert flasks == [fastapi] * len(flasks)
