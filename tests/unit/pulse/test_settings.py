"""Settings from environment variables."""

import pytest
from pydantic import SecretStr

from flask_app.settings import FlaskSettings
from pulse.settings import InvalidSettings, UpstreamSettings
from pulse_io.settings import Settings


def test_defaults() -> None:
    assert Settings.from_environ({"HOME": "/nowhere"}).model_dump() == {
        "pypistats_url": "https://pypistats.org",
        "upstream_timeout_s": 5,
        "deadline_s": 8,
        "base_path": "",
        "image_deadline_s": 2,
        "upstream_per_second": 5,
        "upstream_per_minute": 30,
        "upstream_concurrency": 10,
        "cache": "on",
        "cache_table": None,
        "history_table": None,
        "clickhouse_url": None,
        "clickhouse_user": "demo",
        "clickhouse_password": SecretStr(""),
        "clickhouse_database": "pypi",
        "clickhouse_per_hour": 40,
        "aws_endpoint_url_dynamodb": None,
        "aws_endpoint_url": None,
        "aws_ignore_configured_endpoint_urls": False,
        "aws_region": None,
        "aws_default_region": None,
    }
    assert FlaskSettings.from_environ({}).flask_fanout == "sequential"


def test_empty_variable_is_unset() -> None:
    assert UpstreamSettings.from_environ({"DEADLINE_S": ""}).deadline_s == 8


def test_variables_are_parsed() -> None:
    environ = {"PYPISTATS_URL": "http://127.0.0.1:8080/", "DEADLINE_S": "0.5"}
    settings = UpstreamSettings.from_environ(environ)
    assert settings.pypistats_url == "http://127.0.0.1:8080"
    assert settings.deadline_s == 0.5


@pytest.mark.parametrize("end", ["", "/", "//", "/api", "/api/"])
def test_api_path_in_upstream_url_is_optional(end: str) -> None:
    for base in ("https://pypistats.org", "http://127.0.0.1:8080/some/path"):
        assert UpstreamSettings.from_environ({"PYPISTATS_URL": base + end}).pypistats_url == base


def test_other_urls_are_unchanged() -> None:
    settings = Settings.from_environ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1/api"})
    assert settings.aws_endpoint_url == "http://127.0.0.1:1/api"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PYPISTATS_URL", "pypistats.org"),
        ("PYPISTATS_URL", "https://pypistats.org/?x"),
        ("PYPISTATS_URL", "https://pypistats.org/#x"),
        ("PYPISTATS_URL", "ftp://pypistats.org"),
        ("DEADLINE_S", "0"),
        ("DEADLINE_S", "soon"),
        ("UPSTREAM_TIMEOUT_S", "nan"),
        ("UPSTREAM_TIMEOUT_S", "1e9"),
        ("UPSTREAM_CONCURRENCY", "0"),
        ("UPSTREAM_PER_MINUTE", "-1"),
        ("CACHE", "maybe"),
        ("CACHE_TABLE", "a table"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "localhost:8000"),
        ("BASE_PATH", "a b"),
        ("BASE_PATH", "/prod//v1"),
        ("BASE_PATH", "/../prod"),
        ("BASE_PATH", "/prod\n"),
        ("BASE_PATH", "/prod?a=b"),
        ("BASE_PATH", "https://example.org/prod"),
        ("BASE_PATH", "/%2e"),
        ("BASE_PATH", "/é"),
        ("BASE_PATH", "/{stage}"),
        ("BASE_PATH", "a" * 101),
    ],
)
def test_wrong_value_names_its_variable(variable: str, value: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        Settings.from_environ({variable: value})
    assert str(caught.value).startswith(f"{variable}={value!r}: ")


@pytest.mark.parametrize(
    ("value", "path"),
    [
        *(("prod", "/prod"), ("/prod", "/prod"), ("/prod/", "/prod"), ("prod/", "/prod")),
        *(("stats/v1.0", "/stats/v1.0"), ("/", ""), ("", "")),
    ],
)
def test_base_path_has_leading_slash_only(value: str, path: str) -> None:
    assert UpstreamSettings.from_environ({"BASE_PATH": value}).base_path == path


def test_all_wrong_variables_are_named() -> None:
    with pytest.raises(InvalidSettings) as caught:
        FlaskSettings.from_environ({"DEADLINE_S": "-1", "FLASK_FANOUT": "processes"})
    assert [line.split("=")[0] for line in str(caught.value).splitlines()] == [
        "DEADLINE_S",
        "FLASK_FANOUT",
    ]


@pytest.mark.parametrize(
    ("environ", "endpoint"),
    [
        ({}, None),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1/"}, "http://127.0.0.1:1"),
        (
            {
                "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
                "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:2",
            },
            "http://127.0.0.1:2",
        ),
        (
            {
                "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:2",
                "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
            },
            None,
        ),
    ],
)
def test_table_endpoint_from_aws_variables(environ: dict[str, str], endpoint: str | None) -> None:
    assert Settings.from_environ(environ).table_endpoint == endpoint


def test_table_region_from_aws_variables() -> None:
    assert Settings.from_environ({"AWS_DEFAULT_REGION": "eu-west-1"}).region == "eu-west-1"
    both = {"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-west-1"}
    assert Settings.from_environ(both).region == "eu-central-1"


def test_table_without_region_is_an_error() -> None:
    with pytest.raises(InvalidSettings, match=r"^CACHE_TABLE is set, so AWS_REGION must be"):
        Settings.from_environ({"CACHE_TABLE": "pulse"})


def test_password_is_in_no_message() -> None:
    environ = {
        "CLICKHOUSE_URL": "https://demo:secret@clickhouse.invalid",
        "CLICKHOUSE_PASSWORD": "secret",
        "CLICKHOUSE_PER_HOUR": "many",
    }
    with pytest.raises(InvalidSettings) as caught:
        Settings.from_environ(environ)
    assert "CLICKHOUSE_URL" in str(caught.value)
    assert "secret" not in str(caught.value)
    settings = Settings.from_environ({"CLICKHOUSE_PASSWORD": "secret"})
    assert "secret" not in f"{settings!r} {settings} {settings.model_dump()}"
