"""The Flask variant below `/flask` answers with the same bodies."""

import re

import pytest

from tools.smoke.api import Api

# These differ by response: when and for which request it was made.
OF_ONE_RESPONSE = re.compile(
    r'"(fetched_at|request_id|instance)":"[^"]*"|"stale":(?:true|false)|"status":"(?:ok|stale)"'
)


def test_flask_health(api: Api) -> None:
    response = api.ask("/flask/health")
    assert response.is_success, "without a Flask variant, add OPTIONS='-k \"not flask\"'"
    assert response.json()["variant"] == "flask"


@pytest.mark.parametrize(
    "path",
    [
        "/packages/{package}",
        "/packages/{package}/downloads?period=week&format=csv",
        "/compare?packages={package},{other}",
        "/packages/-x-?mirrors=maybe",
    ],
)
def test_flask_answers_the_same(api: Api, path: str) -> None:
    fastapi, flask = api.ask(path), api.ask(f"/flask{path}")
    assert flask.status_code == fastapi.status_code
    bodies = [OF_ONE_RESPONSE.sub(r"\1", response.text) for response in (fastapi, flask)]
    assert bodies[1] == bodies[0]
