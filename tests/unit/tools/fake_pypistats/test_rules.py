"""Which requests a rule matches, how many, and what happens to them."""

import json
from http import HTTPStatus

import pytest

from tests.unit.tools.fake_pypistats.conftest import NOW
from tools.fake_pypistats.behaviour import Behaviour, Response
from tools.fake_pypistats.limits import Limits
from tools.fake_pypistats.rules import MEANINGS, Effect, Rules

OVERALL = "/api/packages/requests/overall"
HERE = "192.0.2.1"


def behaviour(*rules: str, seed: int = 0, limits: bool = False) -> Behaviour:
    return Behaviour(lambda: NOW, Limits(lambda: 0, on=limits), Rules(rules, seed))


def respond(tested: Behaviour, target: str = OVERALL, method: str = "GET") -> Response:
    return tested.respond(method, target, HERE)


def statuses(tested: Behaviour, times: int) -> list[int]:
    return [respond(tested).answer.status.value for _ in range(times)]


def test_429_is_that_of_the_limits() -> None:
    answer = respond(behaviour("429")).answer
    assert answer.status == 429
    assert answer.body == b'<a href="/api/#etiquette">429 RATE LIMIT EXCEEDED</a>'
    assert dict(answer.headers).keys() == {"Content-Type"}


@pytest.mark.parametrize("status", [500, 503, 404])
def test_other_status_is_html(status: int) -> None:
    answer = respond(behaviour(str(status))).answer
    assert (answer.status, answer.body) == (status, str(status).encode())
    assert dict(answer.headers) == {"Content-Type": "text/html; charset=utf-8"}


@pytest.mark.parametrize(
    ("effect", "content_type"),
    [("html", "text/html; charset=utf-8"), ("not-json", "application/json")],
)
def test_200_that_is_not_json(effect: str, content_type: str) -> None:
    answer = respond(behaviour(effect)).answer
    assert answer.status == 200
    assert dict(answer.headers)["Content-Type"] == content_type
    with pytest.raises(ValueError, match=r"Expecting value|Unterminated string"):
        json.loads(answer.body)


def test_half_loaded_has_a_row_less() -> None:
    rows, fewer = (
        json.loads(respond(behaviour(*rules)).answer.body)["data"]
        for rules in ((), ("half-loaded",))
    )
    assert len(fewer) == len(rows) - 1


@pytest.mark.parametrize("effect", ["hang", "drip", "truncated", "dropped"])
def test_other_effects_break_the_right_answer(effect: str) -> None:
    response = respond(behaviour(effect))
    assert response == Response(respond(behaviour()).answer, Effect(effect))


@pytest.mark.parametrize(
    ("rule", "matched"),
    [
        ("500", {"requests/overall", "requests/recent", "flask/overall", "flask/recent"}),
        ("500:*:*:*", {"requests/overall", "requests/recent", "flask/overall", "flask/recent"}),
        ("500:overall", {"requests/overall", "flask/overall"}),
        ("500:*:requests", {"requests/overall", "requests/recent"}),
        ("500:recent:flask", {"flask/recent"}),
    ],
)
def test_rule_matches_endpoint_and_package(rule: str, matched: set[str]) -> None:
    tested = behaviour(rule)
    paths = ["requests/overall", "requests/recent", "flask/overall", "flask/recent"]
    responses = {path: respond(tested, f"/api/packages/{path}") for path in paths}
    assert {path for path, one in responses.items() if one.answer.status == 500} == matched


def test_rule_matches_any_spelling_and_unknown_packages() -> None:
    tested = behaviour("500:recent:typing.extensions", "500:recent:no-such-thing")
    for name in ("typing_extensions", "no-such-thing"):
        assert respond(tested, f"/api/packages/{name}/recent").answer.status == 500


def test_rule_matches_no_unknown_path_and_no_refused_method() -> None:
    tested = behaviour("500", "delay=9")
    for target, method in ((f"{OVERALL}/", "GET"), (OVERALL, "POST"), ("/", "GET")):
        response = respond(tested, target, method)
        assert (response.answer.status in {404, 405}, response.delay_s) == (True, 0)


def test_rules_apply_in_order_each_until_used_up() -> None:
    assert statuses(behaviour("429:*:*:1", "500:*:*:2"), 4) == [429, 500, 500, 200]


def test_setting_rules_replaces_all() -> None:
    rules = Rules(["500:*:*:1"])
    tested = Behaviour(lambda: NOW, Limits(lambda: 0, on=False), rules)
    assert statuses(tested, 2) == [500, 200]
    rules.set(["500:*:*:1"])
    assert statuses(tested, 2) == [500, 200]
    with pytest.raises(ValueError, match="unknown effect 'flood'"):
        rules.set(["429", "flood"])
    assert rules.specs == ("500:*:*:1",)


def test_limits_come_first() -> None:
    """A refused request uses up no rule, but is delayed too."""
    tested = behaviour("delay=5", "500:*:*:7", limits=True)
    assert statuses(tested, 5) == [500] * 5
    assert respond(tested).answer.status == HTTPStatus.TOO_MANY_REQUESTS
    assert respond(tested).delay_s == 0.005
    tested.limits.switch(on=False)
    assert statuses(tested, 3) == [500, 500, 200]


def test_limits_count_404s_of_packages_alone() -> None:
    tested = behaviour(limits=True)
    for _ in range(9):
        assert respond(tested, "/api/packages/requests/recent/").answer.status == 404
        assert respond(tested, "/api/packages/requests/recent", "POST").answer.status == 405
    missing = [
        respond(tested, "/api/packages/no-such-thing/recent", "HEAD").answer.status
        for _ in range(6)
    ]
    assert missing == [404] * 5 + [429]


def test_delays_add_up() -> None:
    tested = behaviour("delay=10", "delay=100:overall", "delay=1000:*:requests", "delay=1:*:*:3")
    delays = [
        respond(tested, f"/api/packages/{path}").delay_s
        for path in ("flask/recent", "flask/overall", "requests/overall", "flask/recent")
    ]
    assert delays == pytest.approx([0.011, 0.111, 1.111, 0.01])


def test_delay_comes_with_another_effect() -> None:
    response = respond(behaviour("500", "delay=10"))
    assert (response.answer.status, response.delay_s) == (500, 0.01)


def test_random_delay_goes_by_seed_and_stays_in_bounds() -> None:
    def delays(seed: int) -> list[float]:
        tested = behaviour("delay=10-50", seed=seed)
        return [respond(tested).delay_s for _ in range(50)]

    assert delays(1) == delays(1)
    assert delays(1) != delays(2)
    assert len(set(delays(1))) == 50
    assert all(0.01 <= seconds <= 0.05 for seconds in delays(1))


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ("", "unknown effect ''"),
        ("200", "unknown effect '200': choose from STATUS, hang"),
        ("500:overal", "unknown endpoint 'overal'"),
        ("500:", "unknown endpoint ''"),
        ("500:*:", "the package is empty"),
        ("500:*:*:0", "'0' is not a count"),
        ("500:*:*:-1", "'-1' is not a count"),
        ("500:*:*:", "'' is not a count"),
        ("500:*:*:1:2", "too many parts"),
        ("delay", "unknown effect 'delay'"),
        ("delay=", "'' is not a time"),
        ("delay=soon", "'soon' is not a time"),
        ("delay=-1", "'' is not a time"),
        ("delay=1-nan", "'nan' is not a time"),
        ("delay=inf:overall", "'inf' is not a time"),
    ],
)
def test_malformed_rule_is_an_error(rule: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Rules([rule])


def test_every_effect_has_its_meaning() -> None:
    assert set(Effect) < MEANINGS.keys()
