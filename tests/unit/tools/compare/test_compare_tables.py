import pytest

from tests.unit.tools.compare.canned import whole_run
from tools.compare.layouts import LAYOUTS
from tools.compare.measured import Measured, Metric
from tools.compare.samples import Arena, Sample
from tools.compare.tables import Column, Layout, Table, build

DURATION = Metric("lambda", "fan-out", "duration_ms")
LAYOUT = Layout(
    "fan-out",
    "Fan-out",
    (Column("Duration, ms", DURATION, limited=True, compared=True),),
    note="Warm.",
)
LOAD = Layout(
    "load",
    "Load",
    (
        Column("requests/s", Metric("server", "throughput", "requests_per_s"), limited=True),
        Column("p95, ms", Metric("server", "latency", "client_ms"), percent=95),
    ),
    limit=Metric("server", "latency", "limit_ms"),
)


def test_a_row_has_median_limit_and_ratio_as_worked_out_by_hand() -> None:
    table = made(
        LAYOUT,
        [
            *rounds("fastapi", "duration_ms", 100, 110, 120),
            *rounds("fastapi", "limit_ms", 50, 50, 60),
            *rounds("flask", "duration_ms", 200, 330, 480),
            *rounds("flask", "limit_ms", 50, 55, 60),
        ],
    )

    assert table.header == ("variant", "limit, ms", "Duration, ms", "÷ limit", "÷ fastapi")
    assert texts(table) == [
        # Multiples of the limit: 100/50, 110/50, 120/60.
        ["fastapi", "50.0 (50.0…55.0)", "110 (105…115)", "2.00 [2.00…2.20]", "1.00"],
        # 200/50, 330/55, 480/60, and 200/100, 330/110, 480/120.
        ["flask", "55.0 (52.5…57.5)", "330 (265…405)", "6.00 [4.00…8.00]", "3.00 [2.00…4.00]"],
    ]


def test_a_table_says_how_sure_its_brackets_are() -> None:
    table = made(
        LAYOUT,
        [
            *rounds("fastapi", "duration_ms", 100, 110, 120),
            *rounds("flask", "duration_ms", 200, 330, 480),
            *rounds("flask-threads", "duration_ms", 100, 220),
        ],
    )

    assert table.note == "Warm. Brackets: 3 rounds, 75.0 % sure."
    assert [row[-1].text for row in table.rows] == [
        *("1.00", "3.00 [2.00…4.00]", "1.50 [1.00…2.00] (rounds: 2)")
    ]


def test_a_figure_keeps_the_exact_values_behind_its_text() -> None:
    table = made(LAYOUT, rounds("fastapi", "duration_ms", 1234.5678, 1234.5679))

    [row] = table.rows
    assert row[1].text == "1235"
    assert row[1].values == pytest.approx(
        {"median": 1234.56785, "q1": 1234.567825, "q3": 1234.567875, "n": 2}
    )


def test_several_samples_of_a_round_count_as_their_median_in_a_ratio() -> None:
    table = made(
        LAYOUT,
        [
            *(sample("fastapi", "duration_ms", value, 1) for value in (10, 10, 1000)),
            *(sample("flask", "duration_ms", value, 1) for value in (1, 20, 30)),
        ],
    )
    assert [row[-1].text for row in table.rows] == ["1.00", "2.00"]


def test_what_was_varied_has_a_column_and_what_was_not_is_said_once() -> None:
    table = made(
        LAYOUT,
        [
            sample("fastapi", "duration_ms", 1, 1, packages=packages, latency_ms=200)
            for packages in (10, 5)
        ],
    )

    assert table.header[:2] == ("packages", "variant")
    assert [row[0].text for row in table.rows] == ["5", "10"]
    assert table.note == "Upstream holds back every answer for 200 ms. Warm."


def test_without_samples_there_is_no_table() -> None:
    assert build(LAYOUT, Measured([])) is None


def test_the_limit_of_a_rate_is_every_client_waiting_for_upstream_alone() -> None:
    # Ten clients and 200 ms: fifty requests a second.
    at = {"concurrency": 10}
    table = made(
        LOAD,
        [
            sample("fastapi", "requests_per_s", 45, 1, "server", "throughput", **at),
            sample("fastapi", "limit_ms", 200, 1, "server", "latency", **at),
        ],
    )

    assert table.header == ("variant", "limit, ms", "requests/s", "÷ limit", "p95, ms")
    assert texts(table) == [["fastapi", "200", "45.0", "0.90", "—"]]


def test_percentiles_are_those_of_each_round() -> None:
    times = {1: range(101), 2: range(0, 202, 2)}
    table = made(
        LOAD,
        [
            sample("fastapi", "client_ms", value, round_, "server", "latency", concurrency=1)
            for round_, values in times.items()
            for value in values
        ],
    )
    # 95 in the first round and 190 in the second.
    assert texts(table)[0][-1] == "142 (119…166)"


def test_every_table_can_be_made() -> None:
    tables = {table.name: table for table in whole_run().summary.tables}

    assert list(tables) == [*(layout.name for layout in LAYOUTS), "costs"]
    assert all(len(row) == len(table.header) for table in tables.values() for row in table.rows)


def test_every_table_of_a_time_that_upstream_has_a_part_in_names_the_limit() -> None:
    without = {
        *("lambda-no-upstream", "lambda-cold-start-no-upstream", "server-no-upstream"),
        *("lambda-memory", "lambda-artifact", "server-memory", "server-cold-start"),
        "server-processor",
        *("lambda-as-shipped", "costs"),
    }
    tables = {table.name: table for table in whole_run().summary.tables}
    assert {name for name, table in tables.items() if "÷ limit" not in table.header} == without


def made(layout: Layout, samples: list[Sample]) -> Table:
    table = build(layout, Measured(samples))
    assert table is not None
    return table


def texts(table: Table) -> list[list[str]]:
    return [[figure.text for figure in row] for row in table.rows]


def rounds(variant: str, metric: str, *values: float) -> list[Sample]:
    return [sample(variant, metric, value, place) for place, value in enumerate(values, start=1)]


def sample(  # noqa: PLR0913, PLR0917 - as many as a sample has
    variant: str,
    metric: str,
    value: float,
    round_: int,
    arena: Arena = "lambda",
    measure: str = "fan-out",
    **at: int,
) -> Sample:
    return Sample(arena, measure, variant, metric, value, round_, **at)


def test_the_price_of_the_tables_client_stands_among_the_cold_starts() -> None:
    [table] = [
        table
        for table in whole_run().summary.tables
        if table.name == "lambda-cold-start-no-upstream"
    ]

    by_variant = {row[0].text: row for row in table.rows}
    assert list(by_variant) == ["fastapi", "flask", "flask-threads", "fastapi-table"]
    # 1260 ms against 840 ms, in every round.
    assert by_variant["fastapi-table"][2].text == "1.50"
    assert "`fastapi-table` imports and opens the client of its table" in table.note
