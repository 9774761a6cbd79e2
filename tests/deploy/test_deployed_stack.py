"""What an unmodified `sam deploy` makes of the template: a stack that works, changes and goes."""

import datetime as dt

import pytest

from pulse.questions import ENDPOINTS
from tests.deploy.life import ASKED, FUNCTIONS, PACKAGE, Life
from tests.figures import expected_stats
from tools.fake_pypistats.window import newest_day

each_function = pytest.mark.parametrize("function", FUNCTIONS)


@pytest.mark.parametrize("asked", ASKED)
def test_deployed_api_answers(life: Life, asked: str) -> None:
    assert life.answers[asked].status_code == 200, life.answers[asked].text


@pytest.mark.parametrize("prefix", ["", "/flask"], ids=["fastapi", "flask"])
def test_figures_are_those_of_upstream_rows(life: Life, prefix: str) -> None:
    stats = life.answers[f"{prefix}/packages/{PACKAGE}"].json()

    as_of = newest_day(dt.datetime.now(dt.UTC))
    expected = expected_stats(PACKAGE, life.upstream_rows, as_of, mirrors=True)
    assert stats == {**expected, "fetched_at": stats["fetched_at"]}


def test_both_urls_are_outputs(life: Life) -> None:
    assert life.outputs["FlaskApiUrl"] == life.outputs["ApiUrl"] + "/flask"


def test_request_stores_package_in_table(life: Life) -> None:
    assert [item["key"] for item in life.items if PACKAGE in item["key"]]


def test_stored_items_expire(life: Life) -> None:
    rows = [item for item in life.items if item["key"].startswith("rows#")]
    assert all(int(item["expires_at"]) > int(item["fetched_at"]) for item in rows)
    assert all("expires_at" in item for item in life.items)


def test_roles_may_read_items_of_own_table_only(life: Life) -> None:
    assert life.may == {
        ("FastApiFunction", "get_item"): True,
        ("FastApiFunction", "scan"): False,
        ("CollectorFunction", "get_item"): True,
        ("CollectorFunction", "scan"): False,
        ("FlaskFunction", "get_item"): False,
        ("FlaskFunction", "scan"): False,
    }


def test_missing_right_is_named(life: Life) -> None:
    assert "not authorized to perform: cloudformation:" in life.refused
    assert "docs/operations.md" in life.refused


def test_wrong_parameter_is_named(life: Life) -> None:
    assert "Parameter 'MemorySize' must be a number not less than 128" in life.wrong
    assert "template.yaml says what each parameter may be" in life.wrong


@each_function
def test_function_answers_preflight(life: Life, function: str) -> None:
    answer = life.preflights[function]
    headers = {name.lower(): value for name, value in answer["headers"].items()}

    assert answer["statusCode"] == 204
    assert headers["access-control-allow-origin"] == "*"


def test_the_deployed_api_passes_smoke(life: Life) -> None:
    assert life.smoked == 0


def test_collector_fills_deployed_history(life: Life) -> None:
    assert life.collected == sorted(ENDPOINTS)
    assert life.not_collected == "CollectorFunction left nothing of django in HistoryTable."


@each_function
def test_changed_parameter_moves_alias(life: Life, function: str) -> None:
    before, after = (versions[function] for versions in life.versions)

    # FastAPI's settings do not depend on the parameter that was changed.
    assert (before != after) == (function == "FlaskFunction")
    assert life.fanouts == ["sequential", "threads"]


@pytest.mark.parametrize("asked", ASKED)
def test_api_answers_after_second_deployment(life: Life, asked: str) -> None:
    assert life.answers_after[asked].status_code == 200, life.answers_after[asked].text


def test_only_history_outlives_sam_delete(life: Life) -> None:
    assert life.left == []
