"""The variants answer alike, byte for byte, whatever they are asked."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.variants import VARIANTS, Answer, Ask, asking, handler_of
from workbench.upstream import StandIn
from workbench.upstream.packages import DOWNLOADS_PER_DAY

NAMES = st.sampled_from(
    [*DOWNLOADS_PER_DAY, "Requests", "typing.extensions", "no-such", "-x-", "é"]
)
PATHS = (
    NAMES.map(lambda name: f"/packages/{quote(name)}")
    | st.sampled_from(["/compare", "/health", "/", "/packages", "/nope"])
    | st.text(alphabet="/ap%2F.é\n😀", max_size=12).map(lambda text: f"/{quote(text, safe='/%')}")
)
LISTS = st.lists(NAMES, max_size=6).map(lambda names: "packages=" + quote(",".join(names)))
QUERIES = st.lists(
    LISTS | st.sampled_from(["", "mirrors=true", "mirrors=false", "mirrors=", "x=1", "%ff=%fe&&="]),
    max_size=3,
).map("&".join)


@pytest.fixture
def twins(stand_in: StandIn) -> Iterator[list[Ask]]:
    with ExitStack() as stack:
        yield [
            asking(stack.enter_context(handler_of(variant, PYPISTATS_URL=stand_in.url)))
            for variant in VARIANTS
        ]


def comparable(answer: Answer) -> tuple[int, str | None, str | None, str]:
    """All but what may differ: `fetched_at`, `variant`, and so a health answer's length."""
    body = re.sub(r'"fetched_at":"[^"]*"|"variant":"[^"]*"', "", answer.body)
    headers = answer.headers
    return answer.status, headers.get("content-type"), headers.get("allow"), body


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=PATHS, query=QUERIES, method=st.sampled_from(["GET"] * 9 + ["HEAD", "POST", "OPTIONS"]))
def test_the_variants_answer_alike(twins: list[Ask], path: str, query: str, method: str) -> None:
    fastapi, *flasks = [comparable(ask(path, query, method)) for ask in twins]
    assert flasks == [fastapi] * len(flasks)
