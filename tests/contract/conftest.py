"""Both variants' handlers, called with API Gateway events, over one fake pypistats."""

from collections.abc import Iterator

import pytest

from tests.contract.variants import NOW, VARIANTS, Ask, Handler, asking, handler_of
from tools.upstream import StandIn


@pytest.fixture(scope="session")
def running_stand_in() -> Iterator[StandIn]:
    with StandIn(now=NOW, limits=False) as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(running_stand_in: StandIn) -> StandIn:
    running_stand_in.reset()
    return running_stand_in


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def handler(variant: str, stand_in: StandIn) -> Iterator[Handler]:
    with handler_of(variant, PYPISTATS_URL=stand_in.url) as handler:
        yield handler


@pytest.fixture
def ask(handler: Handler) -> Ask:
    return asking(handler)
