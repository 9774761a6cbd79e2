"""Both variants' handlers, called with API Gateway events, over one fake pypistats."""

from collections.abc import Iterator

import pytest

from tests.contract.variants import NOW, VARIANTS, Ask, Handler, asking, handler_of
from tools.fake_pypistats import FakePypistats


@pytest.fixture(scope="session")
def running_fake_pypistats() -> Iterator[FakePypistats]:
    with FakePypistats(now=NOW, limits=False) as fake_pypistats:
        yield fake_pypistats


@pytest.fixture
def fake_pypistats(running_fake_pypistats: FakePypistats) -> FakePypistats:
    running_fake_pypistats.reset()
    return running_fake_pypistats


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def handler(variant: str, fake_pypistats: FakePypistats) -> Iterator[Handler]:
    with handler_of(variant, PYPISTATS_URL=fake_pypistats.url) as handler:
        yield handler


@pytest.fixture
def ask(handler: Handler) -> Ask:
    return asking(handler)
