"""Which Lambda functions stand for the variants, and the template and variables that SAM runs them with."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tools.compare.comparisons import WITH_TABLE
from tools.compare.samples import Variant

Template = dict[str, Any]
"""A SAM template as `sam build` leaves it: without short forms such as `!Ref`."""

FUNCTIONS: Final[dict[Variant, str]] = {
    "fastapi": "FastApiFunction",
    "flask": "FlaskFunction",
    "flask-threads": "FlaskThreadsFunction",
    WITH_TABLE: "FastApiTableFunction",
}
"""Logical ids. The last two are not in the template: they are made here of others, artifact and all."""

_MADE_OF: Final = {
    "FlaskThreadsFunction": "FlaskFunction",
    "FastApiTableFunction": "FastApiFunction",
}
_FANOUT: Final = {"FlaskFunction": "sequential", "FlaskThreadsFunction": "threads"}


@dataclass(frozen=True)
class Settings:
    """What all functions are told.

    Attributes:
        variables: Environment variables, in the place of the template's.
        timeout_s: Lambda's own limit of an invocation; None for the template's.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    timeout_s: int | None = None


NO_TABLE: Final = {"CACHE_TABLE": ""}
"""SAM local would hand on the table's logical id, and nothing answers to that here."""

TABLE: Final = {
    "CACHE": "on",
    "CACHE_TABLE": "pypi-pulse",
    # Nobody listens there: whoever asks the table is refused at once.
    "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:9",
}
"""What `WITH_TABLE` is told beside. It takes the table's client to start, and no table."""

COMPARABLE: Final = Settings(
    variables={
        **NO_TABLE,
        "CACHE": "off",
        "UPSTREAM_PER_SECOND": "0",
        "UPSTREAM_PER_MINUTE": "0",
        # The most that the settings allow. 50 packages at 500 ms, one after the other, take 25 s.
        "UPSTREAM_TIMEOUT_S": "60",
        "DEADLINE_S": "60",
    },
    timeout_s=90,
)
"""Every request goes upstream, and the slowest variant is in time."""

AS_SHIPPED: Final = Settings(variables=NO_TABLE)
"""As the template has it; memory alone is the cache."""


def read_template(path: Path) -> Template:
    """Read a template that `sam build` has written."""
    template: Template = yaml.safe_load(path.read_text())
    return template


def write_template(built: Path, name: str, settings: Settings) -> Path:
    """Write a template of all variants beside the built one, whose artifacts it shares.

    Args:
        built: The folder that `sam build` wrote into.
        name: The file's name.
        settings: What the functions are told.
    """
    path = built / name
    path.write_text(json.dumps(derived(read_template(built / "template.yaml"), settings)))
    return path


def derived(template: Template, settings: Settings) -> Template:
    """The template with a function for each variant, each with these settings."""
    template = copy.deepcopy(template)
    resources = template["Resources"]
    for function, original in _MADE_OF.items():
        resources[function] = copy.deepcopy(resources[original])
    for function in FUNCTIONS.values():
        # SAM goes by this name and not by the logical id: two functions with one share a container.
        resources[function].setdefault("Metadata", {})["SamResourceId"] = function
        properties = resources[function]["Properties"]
        variables = properties.setdefault("Environment", {}).setdefault("Variables", {})
        variables.update(settings.variables)
        if function == FUNCTIONS[WITH_TABLE]:
            variables.update(TABLE)
        if function in _FANOUT:
            variables["FLASK_FANOUT"] = _FANOUT[function]
        if settings.timeout_s is not None:
            properties["Timeout"] = settings.timeout_s
    return template


def write_upstream(folder: Path, url: str) -> Path:
    """Write the file that names upstream to the functions; all else the template tells them."""
    path = folder / "upstream.json"
    path.write_text(json.dumps({"Parameters": {"PYPISTATS_URL": url}}))
    return path


def gateway_timeout_ms(built: Path) -> float:
    """After how long API Gateway gives up on a function and answers by itself, for either variant."""
    resources = read_template(built / "template.yaml")["Resources"]
    return float(
        min(
            resource["Properties"]["TimeoutInMillis"]
            for resource in resources.values()
            if resource["Type"] == "AWS::ApiGatewayV2::Integration"
        )
    )
