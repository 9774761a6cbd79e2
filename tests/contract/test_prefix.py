"""The twin below `/flask`, where one HTTP API serves both variants."""

import pytest

from tests.contract.variants import asking, handler_of
from workbench.upstream import StandIn


@pytest.mark.parametrize("path", ["/packages/requests", "/flask/packages/requests"])
def test_the_twin_answers_with_its_prefix_and_without(stand_in: StandIn, path: str) -> None:
    with handler_of("flask sequential", PYPISTATS_URL=stand_in.url) as handler:
        answer = asking(handler)(path)
    assert answer.status == 200
    assert answer.json["package"] == "requests"


@pytest.mark.parametrize("path", ["/flask/nope", "/flask", "/flask/", "/flaskhealth"])
def test_a_problem_names_the_path_that_was_asked_for(stand_in: StandIn, path: str) -> None:
    with handler_of("flask sequential", PYPISTATS_URL=stand_in.url) as handler:
        answer = asking(handler)(path)
    assert answer.status == 404
    assert answer.json["instance"] == path
