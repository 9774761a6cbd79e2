"""The template that the variants are run from, made of the built one."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tools.compare.comparisons import WITH_TABLE
from tools.compare.lambda_arena.functions import (
    AS_SHIPPED,
    COMPARABLE,
    FUNCTIONS,
    TABLE,
    derived,
    gateway_timeout_ms,
    read_template,
    write_template,
    write_upstream,
)
from tools.compare.plan import VARIANTS

BUILT = """\
Globals:
  Function: {Timeout: 15, Environment: {Variables: {DEADLINE_S: "8"}}}
Resources:
  HttpApi: {Type: AWS::ApiGatewayV2::Api}
  FastApiIntegration: {Type: AWS::ApiGatewayV2::Integration, Properties: {TimeoutInMillis: 20000}}
  FlaskIntegration: {Type: AWS::ApiGatewayV2::Integration, Properties: {TimeoutInMillis: 18000}}
  FastApiFunction:
    Type: AWS::Serverless::Function
    Metadata: {SamResourceId: FastApiFunction}
    Properties:
      CodeUri: FastApiFunction
      Environment: {Variables: {CACHE: "on", CACHE_TABLE: {Ref: CacheTable}}}
  FlaskFunction:
    Type: AWS::Serverless::Function
    Metadata: {SamResourceId: FlaskFunction}
    Properties: {CodeUri: FlaskFunction, Environment: {Variables: {FLASK_FANOUT: {Ref: Fanout}}}}
"""


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text(BUILT)
    return tmp_path


@pytest.fixture
def template(built: Path) -> dict[str, Any]:
    return read_template(built / "template.yaml")


def variables(template: dict[str, Any], function: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][function]["Properties"]["Environment"][
        "Variables"
    ]
    return found


def test_the_twin_with_threads_is_the_twins_artifact(template: dict[str, Any]) -> None:
    resources = derived(template, COMPARABLE)["Resources"]
    twin, threads = (resources[name] for name in ("FlaskFunction", "FlaskThreadsFunction"))

    assert threads["Properties"]["CodeUri"] == twin["Properties"]["CodeUri"] == "FlaskFunction"


def test_the_twins_differ_in_how_they_fan_out_alone(template: dict[str, Any]) -> None:
    made = derived(template, COMPARABLE)
    twin, threads = (variables(made, name) for name in ("FlaskFunction", "FlaskThreadsFunction"))

    assert (twin.pop("FLASK_FANOUT"), threads.pop("FLASK_FANOUT")) == ("sequential", "threads")
    assert twin == threads


def test_sam_knows_every_function_by_a_name_of_its_own(template: dict[str, Any]) -> None:
    resources = derived(template, COMPARABLE)["Resources"]

    names = [resources[function]["Metadata"]["SamResourceId"] for function in FUNCTIONS.values()]
    assert names == list(FUNCTIONS.values())


def test_fastapi_with_its_table_differs_in_the_table_alone(template: dict[str, Any]) -> None:
    made = derived(template, COMPARABLE)
    plain, with_table = (made["Resources"][FUNCTIONS[name]] for name in ("fastapi", WITH_TABLE))
    told, more = (variables(made, FUNCTIONS[name]) for name in ("fastapi", WITH_TABLE))

    assert plain["Properties"]["CodeUri"] == with_table["Properties"]["CodeUri"]
    assert {name for name in more if more[name] != told.get(name)} == set(TABLE)
    assert (more["CACHE"], told["CACHE_TABLE"]) == ("on", "")
    assert more["CACHE_TABLE"]


def test_nothing_but_upstream_is_told_to_all_functions_beside_the_template(tmp_path: Path) -> None:
    # SAM lets that prevail over the template, so that no function could have a table of its own.
    told = json.loads(write_upstream(tmp_path, "http://upstream").read_text())
    assert told == {"Parameters": {"PYPISTATS_URL": "http://upstream"}}


@pytest.mark.parametrize("function", [FUNCTIONS[variant] for variant in VARIANTS])
def test_comparable_functions_have_no_cache_no_budget_and_much_time(
    template: dict[str, Any], function: str
) -> None:
    made = derived(template, COMPARABLE)

    told = variables(made, function)
    assert (told["CACHE"], told["CACHE_TABLE"]) == ("off", "")
    assert (told["UPSTREAM_PER_SECOND"], told["UPSTREAM_PER_MINUTE"]) == ("0", "0")
    assert float(told["DEADLINE_S"]) > 50 * 0.5
    assert made["Resources"][function]["Properties"]["Timeout"] > float(told["DEADLINE_S"])


def test_as_shipped_nothing_but_the_table_is_taken_away(template: dict[str, Any]) -> None:
    made = derived(template, AS_SHIPPED)

    assert variables(made, "FastApiFunction") == {"CACHE": "on", "CACHE_TABLE": ""}
    assert "Timeout" not in made["Resources"]["FastApiFunction"]["Properties"]
    assert made["Globals"] == template["Globals"]


def test_the_built_template_stays_as_it_is(template: dict[str, Any]) -> None:
    before = copy.deepcopy(template)
    derived(template, COMPARABLE)

    assert template == before


def test_what_is_written_beside_the_artifacts_can_be_read_again(built: Path) -> None:
    path = write_template(built, "compared.json", COMPARABLE)

    expected = derived(read_template(built / "template.yaml"), COMPARABLE)
    assert (path.parent, read_template(path)) == (built, expected)


def test_the_gateway_gives_up_when_the_first_of_its_integrations_does(built: Path) -> None:
    assert gateway_timeout_ms(built) == 18000
