"""The FastAPI variant gives the same answer with every transport."""

import httpx
import pytest

from tools.compare.plan import TRANSPORTS, base, transport, with_transports
from tools.compare.targets.answers import PACKAGE, right_stats, without_time
from tools.compare.targets.server import serving
from tools.compare.transports import PACKAGES
from tools.compare.upstream import running_upstream


@pytest.mark.parametrize("variant", with_transports(("fastapi",), TRANSPORTS))
def test_the_answer_is_the_same(variant: str) -> None:
    with running_upstream() as upstream, serving(variant, upstream.url) as server:
        right = without_time(right_stats(upstream).model_dump_json().encode())
        upstream.behave(latency_ms=0)
        answer = httpx.get(f"{server.url}/packages/{PACKAGE}", trust_env=False)
        assert without_time(answer.content) == right
        assert len(upstream.calls()) == 1


def test_every_other_transport_names_its_packages() -> None:
    assert {"httpx", *PACKAGES} == set(TRANSPORTS)


def test_a_variant_names_its_transport() -> None:
    assert (base("fastapi-aiohttp"), transport("fastapi-aiohttp")) == ("fastapi", "aiohttp")
    assert (base("flask-threads"), transport("fastapi")) == ("flask-threads", "httpx")
