"""A client generated from the contract by a public generator, against the running API."""

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from fastapi_app.app import app
from tests.http.served import Clock, Served, served
from tools import ROOT
from tools.fake_pypistats import FakePypistats

GENERATOR = str(Path(sys.executable).with_name("openapi-python-client"))
PACKAGE = "generated_pulse_client"

OPERATIONS: dict[str, tuple[str, dict[str, Any], str]] = {
    "get_package_stats": ("packages", {"package": "requests"}, "PackageStats"),
    "get_package_downloads": ("packages", {"package": "requests"}, "DownloadSeries"),
    "compare_packages": ("compare", {"packages": ["requests", "httpx"]}, "Comparison"),
    "compare_downloads": ("compare", {"packages": ["requests", "a"]}, "ComparisonSeries"),
    "get_badge": ("images", {"package": "requests"}, "bytes"),
    "get_badge_json": ("images", {"package": "requests"}, "EndpointBadge"),
    "get_chart": ("images", {"package": "requests"}, "bytes"),
    "get_comparison_chart": ("images", {"packages": ["requests", "httpx"]}, "bytes"),
    "get_recent": ("drop_in", {"package": "requests"}, "UpstreamRecent"),
    "get_overall": ("drop_in", {"package": "requests"}, "UpstreamSeries"),
    "get_python_major": ("drop_in", {"package": "requests"}, "UpstreamSeries"),
    "get_python_minor": ("drop_in", {"package": "requests"}, "UpstreamSeries"),
    "get_system": ("drop_in", {"package": "requests"}, "UpstreamSeries"),
    "get_health": ("health", {}, "Health"),
}
"""By operation: its module, its required arguments and the model of its response."""


@pytest.fixture(scope="module")
def api() -> Iterator[Served]:
    """One running API for the whole file, since no test here changes its state."""
    clock = Clock(dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC))
    with (
        FakePypistats(now=clock, limits=False) as fake_pypistats,
        served(fake_pypistats.url, clock) as api,
    ):
        yield api


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of the client's package, importable while the tests of this file run."""
    folder = tmp_path_factory.mktemp("client")
    config = folder / "config.yml"
    config.write_text(
        "post_hooks: []  # they would format code that nobody reads\n"
        "content_type_overrides: {image/svg+xml: application/octet-stream}\n"
    )
    done = subprocess.run(
        [
            *[
                GENERATOR,
                "generate",
                "--path",
                str(ROOT / "docs/openapi.json"),
                "--config",
                str(config),
            ],
            *["--meta", "none", "--output-path", str(folder / PACKAGE), "--fail-on-warning"],
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "arning" in done.stdout) == (0, False), done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    try:
        yield PACKAGE
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]


@dataclass
class Client:
    """The generated client, for calling operations by name."""

    client: Any
    models: Any

    def __call__(self, operation: str, **arguments: object) -> Any:  # noqa: ANN401 - made at run time
        module, needed, _ = OPERATIONS[operation]
        function = import_module(f"{PACKAGE}.api.{module}.{operation}").sync_detailed
        return function(client=self.client, **{**needed, **arguments})


@pytest.fixture
def client(generated: str, api: Served) -> Iterator[Client]:
    made = import_module(generated).Client(
        base_url=api.url,
        raise_on_unexpected_status=True,
        httpx_args={"trust_env": False},
    )
    with made:
        yield Client(made, import_module(f"{generated}.models"))


def test_every_operation_is_called() -> None:
    not_configured = {"get_package_total", "get_top_packages"}  # a 501 here
    assert OPERATIONS.keys() | not_configured == {
        operation["operationId"]
        for path in app.openapi()["paths"].values()
        for operation in path.values()
    }


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_answers_with_its_model(client: Client, operation: str) -> None:
    answer = client(operation)
    _, _, model = OPERATIONS[operation]
    assert (answer.status_code, type(answer.parsed).__name__) == (200, model)


@pytest.mark.parametrize(
    "operation", [name for name, (_, _, model) in OPERATIONS.items() if model != "bytes"]
)
def test_model_holds_exactly_what_was_sent(client: Client, operation: str, api: Served) -> None:
    answer = client(operation)
    sent = api.client.get(path_of(operation), params=query_of(operation)).json()
    assert without_time_zone_spelling(answer.parsed.to_dict()) == without_time_zone_spelling(sent)
    assert answer.parsed.additional_properties == {}


def path_of(operation: str) -> str:
    paths: dict[str, Any] = app.openapi()["paths"]
    [path] = [p for p, methods in paths.items() if methods["get"]["operationId"] == operation]
    return path.format(package="requests")


def query_of(operation: str) -> dict[str, Any]:
    _, needed, _ = OPERATIONS[operation]
    return {name: value for name, value in needed.items() if name != "package"}


def without_time_zone_spelling(document: Any) -> Any:  # noqa: ANN401 - any JSON
    """The document with UTC written as `Z`; datetime writes `+00:00`."""
    match document:
        case dict():
            return {key: without_time_zone_spelling(value) for key, value in document.items()}
        case list():
            return [without_time_zone_spelling(value) for value in document]
        case str():
            return document.replace("+00:00", "Z")
        case _:
            return document


def test_dates_and_enumerations_have_types(client: Client) -> None:
    series = client(
        "get_package_downloads",
        start=dt.date(2026, 11, 1),
        end=dt.date(2026, 11, 21),
        by=client.models.GetPackageDownloadsBy.PYTHON_MAJOR,
        period=client.models.GetPackageDownloadsPeriod.WEEK,
    ).parsed
    assert (series.start, series.end) == (dt.date(2026, 11, 1), dt.date(2026, 11, 21))
    assert series.by is client.models.DownloadSeriesBy.PYTHON_MAJOR
    assert series.period is client.models.DownloadSeriesPeriod.WEEK
    assert series.series[0].points[0].date == dt.date(2026, 10, 26)
    assert series.series[0].points[0].complete is False


def test_comparison_entries_have_two_models(client: Client) -> None:
    known, unknown = client("compare_packages", packages=["requests", "no-such-p"]).parsed.packages
    assert isinstance(known, client.models.ComparedPackage)
    assert known.status is client.models.ComparedPackageStatus.OK
    assert known.stats.package == "requests"
    assert isinstance(unknown, client.models.FailedPackage)
    assert unknown.status is client.models.FailedPackageStatus.NOT_FOUND
    assert unknown.problem.status == 404


def test_booleans_are_sent_in_lower_case(client: Client) -> None:
    assert client("get_package_stats", mirrors=False).parsed.mirrors is False
    assert client("get_package_stats", mirrors=True).parsed.mirrors is True


def test_the_drop_in_filters(client: Client) -> None:
    linux = client("get_system", os=client.models.GetSystemOs.LINUX).parsed
    assert {row.category.lower() for row in linux.data} == {"linux"}
    minor = client("get_python_minor", version="3.13").parsed
    assert {row.category for row in minor.data} == {"3.13"}
    day = client("get_recent", period=client.models.GetRecentPeriod.DAY).parsed
    assert list(day.data.to_dict()) == ["last_day"]


@pytest.mark.parametrize(
    "operation",
    [
        name
        for name, (tag, needed, _) in OPERATIONS.items()
        if "package" in needed and tag != "images"  # which are never an error
    ],
)
def test_unknown_package_is_problem_document(client: Client, operation: str) -> None:
    answer = client(operation, package="no-such-package")
    assert isinstance(answer.parsed, client.models.ProblemDocument)
    assert answer.status_code == answer.parsed.status == 404
    assert answer.parsed.type_ == "urn:pypi-pulse:problem:unknown-package"


def test_bad_input_names_the_parameter(client: Client) -> None:
    answer = client("compare_packages", packages=["-requests"])
    assert isinstance(answer.parsed, client.models.ProblemDocument)
    assert answer.status_code == answer.parsed.status == 422
    [error] = answer.parsed.errors
    assert isinstance(error, client.models.InputError)
    assert (error.location.value, error.parameter) == ("query", "packages")
