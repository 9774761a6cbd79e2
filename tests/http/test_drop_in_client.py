"""The real `pypistats` client works with only its base URL changed.

The client computes `--last-month`, `--this-month` and named months from today's date, while the
figures here end at a fixed date, so the tests pass explicit dates instead.
"""

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import pytest

from tests.http.pypistats_client import Outcome, run_client
from tests.http.served import Served
from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.packages import MIRRORED

FORMATS = [
    "",
    *(f"--format {name}" for name in ("pretty", "markdown", "md", "tsv", "rst", "html", "json")),
    "--json",
]
TOTALS = ["--daily", "--monthly"]
DATES = [
    "--start-date 2026-11-01",
    "--start-date 2026-09",
    "--end-date 2026-06-30",
    "--start-date 2026-10-03 --end-date 2026-10-07",  # one of these days is missing
    "--month 2026-10",
    "--start-date 2026-01-01",  # before the window: the client warns
]
BEFORE_THE_WINDOW = "--end-date 2026-01"  # the client refuses
LOOKS = ["--sort date --daily", "--sort category", "--sort percent", "--color yes"]
FILTERS = {
    "overall": [f"--mirrors {value}" for value in ("true", "false", "with", "without")],
    "python_major": ["--version 2", "-V 3"],
    "python_minor": ["--version 2.7", "--version 3.9", "-V 3.10"],
    "system": [*(f"--os {value}" for value in ("windows", "linux", "darwin")), "-o Linux"],
}
PERIODS = ["--period day", "--period week", "-p month"]
PACKAGES = [
    "__all__",
    "pulse-newcomer",
    "pulse-debut",
    "pulse-hermit",
    "Requests",
    "typing.extensions",
    "Ruamel_YAML",
]
SUBCOMMANDS = ["recent", *FILTERS]

NO_SUCH_PACKAGE = "no-such-package-anywhere"


class BothClients:
    """Runs the client against our API and against upstream."""

    def __init__(self, api: Served, fake_pypistats: FakePypistats, folder: Path) -> None:
        self._api = api
        self._stand_in = fake_pypistats
        self._folder = folder

    def ours(self, commands: Sequence[str]) -> list[Outcome]:
        return run_client(f"{self._api.url}/api/", commands, self._folder / "ours")

    def upstreams(self, commands: Sequence[str]) -> list[Outcome]:
        return run_client(f"{self._stand_in.url}/api/", commands, self._folder / "upstreams")

    def both(self, commands: Sequence[str]) -> tuple[list[Outcome], list[Outcome]]:
        """Outcomes against our API and against upstream, run concurrently."""
        with ThreadPoolExecutor() as pool:
            upstreams = pool.submit(self.upstreams, commands)
            return self.ours(commands), upstreams.result()


@pytest.fixture
def client(api: Served, fake_pypistats: FakePypistats, tmp_path: Path) -> BothClients:
    return BothClients(api, fake_pypistats, tmp_path)


def without_source(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """The outcomes without the key `source`.

    Ours have `"source": "simulated"`, since the figures come from the fake pypistats.
    Upstream's responses have no such key, and neither have ours if the figures are real. The
    client shows it in JSON only.
    """
    return [outcome._replace(stdout=_without_source(outcome.stdout)) for outcome in outcomes]


def _without_source(printed: str) -> str:
    if not printed.startswith("{"):
        return printed
    content = json.loads(printed)
    assert content.pop("source") == "simulated"
    return json.dumps(content) + "\n"


def failed(outcomes: Iterable[Outcome], status: int) -> bool:
    """Whether each command ended with the client's own error for that HTTP status."""
    return all(
        outcome.code != 0
        and outcome.stdout == ""
        and f"HTTPError: HTTP Error {status} for url: BASE_URL/" in outcome.stderr
        for outcome in outcomes
    )


def tables(outcomes: Iterable[Outcome]) -> list[str]:
    """The non-empty outputs."""
    printed = [outcome.stdout for outcome in outcomes if outcome.code == 0]
    return [output for output in printed if not output.startswith("No data found")]


def test_series_formats_and_totals_match(client: BothClients) -> None:
    """The client makes them itself, of the same rows; for one subcommand it does so in every format."""
    commands = [
        *(f"python_minor requests {output}" for output in FORMATS),
        *(
            f"{subcommand} requests {total} -f {output}"
            for subcommand, total, output in product(FILTERS, TOTALS, ["tsv", "json"])
        ),
    ]
    ours, upstreams = client.both(commands)
    assert without_source(ours) == upstreams
    assert len(tables(ours)) == len(commands)


@pytest.mark.parametrize("subcommand", FILTERS)
def test_series_filters_match(client: BothClients, subcommand: str) -> None:
    commands = [
        f"{subcommand} requests {chosen} {output}"
        for chosen, output in product(FILTERS[subcommand], ["", "--daily -f json"])
    ]
    ours, upstreams = client.both(commands)
    assert without_source(ours) == upstreams
    assert len(tables(ours)) == len(commands)


def test_series_dates_and_styles_match(client: BothClients) -> None:
    commands = [
        *(f"overall requests {d} {t} -f tsv" for d, t in product(DATES, TOTALS)),
        *(f"{subcommand} requests {DATES[3]} -f tsv" for subcommand in FILTERS),
        *(f"system requests {look}" for look in LOOKS),
    ]
    ours, upstreams = client.both(commands)
    assert ours == upstreams
    assert len(tables(ours)) == len(commands)


def test_dates_before_window_are_refused_alike(client: BothClients) -> None:
    ours, upstreams = client.both([f"{name} requests {BEFORE_THE_WINDOW}" for name in FILTERS])
    assert ours == upstreams
    assert all("before earliest available data (2026-05-25)" in outcome.stderr for outcome in ours)


def test_recent_formats_and_periods_match(client: BothClients) -> None:
    commands = [
        *(f"recent requests {output}" for output in FORMATS),
        *(f"recent requests {p} {output}" for p, output in product(PERIODS, ["", "-j"])),
    ]
    ours, upstreams = client.both(commands)
    assert without_source(ours) == upstreams
    assert len(tables(ours)) == len(commands)


@pytest.mark.parametrize("package", PACKAGES)
def test_subcommands_match_for_every_kind_of_package(client: BothClients, package: str) -> None:
    """Packages of all sizes and ages, with names in several spellings."""
    commands = [f"{subcommand} {package} -f tsv" for subcommand in SUBCOMMANDS]
    ours, upstreams = client.both(commands)
    assert ours == upstreams
    assert len(tables(ours)) == len(commands)


def test_version_without_downloads_prints_no_data(client: BothClients) -> None:
    ours, upstreams = client.both(
        ["python_major requests --version 7", "python_minor requests --version 7.7"]
    )
    assert ours == upstreams
    assert all(outcome.stdout.startswith("No data found for ") for outcome in ours)


def test_unnormalised_name_prints_as_normalised(
    client: BothClients,
) -> None:
    """Upstream finds nothing under that spelling."""
    # The client lower-cases names, upstream replaces `.` and `_` one by one, so a run stays a run.
    commands = [f"{subcommand} Typing..Extensions" for subcommand in SUBCOMMANDS]
    ours, upstreams = client.both(commands)
    assert tables(upstreams) == []
    normal = client.upstreams([f"{subcommand} typing-extensions" for subcommand in SUBCOMMANDS])
    assert tables(ours) == tables(normal)
    assert len(tables(ours)) == len(commands)


@pytest.mark.parametrize("system", ["other", "null", "OTHER"])
def test_systems_unknown_to_upstream_filter_are_printed(client: BothClients, system: str) -> None:
    ours, upstreams = client.both([f"system requests --os {system} --daily -f json"])
    assert tables(upstreams) == []
    (everything,) = client.upstreams(["system requests --daily -f json"])
    rows = [r for r in json.loads(everything.stdout)["data"] if r["category"] == system.lower()]
    assert rows
    assert json.loads(ours[0].stdout)["data"] == rows


def test_unknown_package_is_error_on_every_subcommand(client: BothClients) -> None:
    ours, upstreams = client.both([f"{name} {NO_SUCH_PACKAGE}" for name in SUBCOMMANDS])
    assert failed(ours, 404)
    # Upstream fails for two of them and returns no data for the others.
    assert [outcome.code for outcome in upstreams] == [1, 1, 0, 0, 0]


def test_unknown_system_is_an_error(client: BothClients) -> None:
    assert failed(client.ours(["system requests --os beos"]), 422)


def test_mirrors_only_package_prints_no_data(client: BothClients) -> None:
    commands = [f"{name} {MIRRORED}" for name in ("python_major", "python_minor", "system")]
    ours, upstreams = client.both(commands)
    assert {(outcome.code, outcome.stderr) for outcome in ours} == {(0, "")}
    assert all("No data found" in outcome.stdout for outcome in ours)
    assert ours == upstreams


def test_mirrors_only_package_is_no_error(client: BothClients) -> None:
    """Upstream's 404 ends the client."""
    ours, upstreams = client.both(
        [
            f"overall {MIRRORED} --mirrors without",
            *(f"recent {MIRRORED} {p}" for p in ["", *PERIODS]),
        ]
    )
    assert failed(upstreams, 404)
    assert {(outcome.code, outcome.stderr) for outcome in ours} == {(0, "")}
    assert "No data found" in ours[0].stdout
    assert len(tables(ours)) == 4
