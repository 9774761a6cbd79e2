"""The collector's settings, and how it rejects invalid ones."""

import pytest

from collector.settings import CollectorSettings
from pulse.names import ALL_OF_PYPI
from pulse.settings import InvalidSettings

TABLES = {"CACHE_TABLE": "cache", "HISTORY_TABLE": "history", "AWS_REGION": "eu-central-1"}


def test_tracked_packages_are_normalised() -> None:
    names = " Typing_Extensions, requests,requests,,__all__ ,"
    settings = CollectorSettings.from_environ({**TABLES, "TRACKED_PACKAGES": names})
    assert settings.tracked_packages == {"typing-extensions", "requests", ALL_OF_PYPI}
    assert CollectorSettings.from_environ(TABLES).tracked_packages == frozenset()


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"TRACKED_PACKAGES": "requests, no name"}, "'no name' is not a package: A package name"),
        ({"COLLECTOR_PER_MINUTE": "-1"}, "COLLECTOR_PER_MINUTE='-1'"),
        ({"UPSTREAM_PER_MINUTE": "x"}, "UPSTREAM_PER_MINUTE='x'"),
        ({"CACHE_TABLE": ""}, "the collector needs CACHE_TABLE and HISTORY_TABLE"),
        ({"HISTORY_TABLE": ""}, "the collector needs CACHE_TABLE and HISTORY_TABLE"),
    ],
)
def test_invalid_setting_is_rejected(variables: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        CollectorSettings.from_environ({**TABLES, **variables})
    assert message in str(caught.value)


@pytest.mark.parametrize(("per_minute", "pace_s"), [("12", 5), ("0", 0)])
def test_pace_is_even(per_minute: str, pace_s: float) -> None:
    settings = CollectorSettings.from_environ({**TABLES, "COLLECTOR_PER_MINUTE": per_minute})
    assert settings.pace_s == pace_s
