"""What an unmodified `sam deploy` makes of the template: a stack that works, changes and goes."""

import datetime as dt

import pytest

from tests.deploy.life import ASKED, FUNCTIONS, PACKAGE, Life
from tests.figures import expected_stats
from tools.fake_pypistats.window import newest_day

each_function = pytest.mark.parametrize("function", FUNCTIONS)


@pytest.mark.parametrize("asked", ASKED)
def test_the_deployed_api_answers(life: Life, asked: str) -> None:
    assert life.answers[asked].status_code == 200, life.answers[asked].text


@pytest.mark.parametrize("prefix", ["", "/flask"], ids=["fastapi", "flask"])
def test_the_deployed_figures_are_those_of_upstreams_rows(life: Life, prefix: str) -> None:
    stats = life.answers[f"{prefix}/packages/{PACKAGE}"].json()

    as_of = newest_day(dt.datetime.now(dt.UTC))
    expected = expected_stats(PACKAGE, life.upstream_rows, as_of, mirrors=True)
    assert stats == {**expected, "fetched_at": stats["fetched_at"]}


def test_both_urls_are_among_the_outputs(life: Life) -> None:
    assert life.outputs["FlaskApiUrl"] == life.outputs["ApiUrl"] + "/flask"


def test_a_request_leaves_its_package_in_the_deployed_table(life: Life) -> None:
    assert [item["key"] for item in life.items if PACKAGE in item["key"]]


def test_what_is_left_in_the_table_expires(life: Life) -> None:
    rows = [item for item in life.items if item["key"].startswith("rows#")]
    assert all(item["expires_at"] > item["fetched_at"] for item in rows)
    assert all("expires_at" in item for item in life.items)


def test_a_functions_role_may_read_items_of_its_own_table_and_nothing_more(life: Life) -> None:
    assert life.may == {
        ("FastApiFunction", "get_item"): True,
        ("FastApiFunction", "scan"): False,
        ("FlaskFunction", "get_item"): False,
        ("FlaskFunction", "scan"): False,
    }


def test_a_deployer_without_rights_is_told_which_is_missing(life: Life) -> None:
    assert "not authorized to perform: cloudformation:" in life.refused
    assert "docs/operations.md" in life.refused


@each_function
def test_a_preflight_that_reaches_a_function_is_answered(life: Life, function: str) -> None:
    answer = life.preflights[function]
    headers = {name.lower(): value for name, value in answer["headers"].items()}

    assert answer["statusCode"] == 204
    assert headers["access-control-allow-origin"] == "*"


def test_the_deployed_api_passes_smoke(life: Life) -> None:
    assert life.smoked == 0


@each_function
def test_a_deployed_function_answers_with_its_zip_alone(life: Life, function: str) -> None:
    assert life.alone[function].status == 200


@each_function
def test_no_module_comes_from_outside_the_zip(life: Life, function: str) -> None:
    assert life.alone[function].own > 100
    assert life.alone[function].outside == []


@each_function
def test_a_changed_parameter_moves_the_alias_to_a_version_that_has_it(
    life: Life, function: str
) -> None:
    before, after = (versions[function] for versions in life.versions)

    # FastAPI's settings do not depend on the parameter that was changed.
    assert (before != after) == (function == "FlaskFunction")
    assert life.fanouts == ["sequential", "threads"]


@pytest.mark.parametrize("asked", ASKED)
def test_the_api_answers_after_a_second_deployment(life: Life, asked: str) -> None:
    assert life.answers_after[asked].status_code == 200, life.answers_after[asked].text


def test_sam_delete_leaves_nothing(life: Life) -> None:
    assert life.left == []
