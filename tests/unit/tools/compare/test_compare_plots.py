from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.unit.tools.compare.canned import whole_run
from tools.compare.curves import LIMIT_LABEL, Curve, Panel, Point
from tools.compare.measured import Measured
from tools.compare.plots import THEMES, Plot, draw, plots, write
from tools.compare.spread import Summary


@pytest.fixture(scope="module")
def made() -> dict[str, Plot]:
    return {plot.name: plot for plot in plots(whole_run().summary.measured)}


def test_each_latency_has_a_panel_with_every_variant_and_the_limit(made: dict[str, Plot]) -> None:
    panels = made["fan-out"].panels
    assert [panel.title for panel in panels] == [
        f"upstream answers after {latency} ms" for latency in (50, 200, 500)
    ]
    for panel in panels:
        assert [curve.label for curve in panel.curves] == [
            *("fastapi", "flask", "flask-threads"),
            LIMIT_LABEL,
        ]
        assert [point.x for point in panel.curves[0].points] == [1, 5, 10, 25, 50]


def test_curves_have_the_medians_of_the_tables(made: dict[str, Plot]) -> None:
    table = next(t for t in whole_run().summary.tables if t.name == "lambda-fan-out")
    place = table.header.index("Duration, ms")
    medians = [
        row[place].values["median"]
        for row in table.rows
        if (row[0].text, row[2].text) == ("200", "flask")
    ]
    assert medians_of(made["fan-out"].panels[1].curves[1]) == medians


def test_the_limit_of_throughput_is_what_upstream_alone_allows(made: dict[str, Plot]) -> None:
    limit = made["load"].panels[0].curves[-1]
    assert limit.label == LIMIT_LABEL
    # 201.5 ms a call: 4.96 requests a second for each client.
    assert medians_of(limit) == pytest.approx(
        [n * 1000 / 201.5 for n in (1, 5, 10, 25, 50)], rel=0.02
    )


def test_the_same_numbers_give_the_same_file(made: dict[str, Plot], tmp_path: Path) -> None:
    once, again = tmp_path / "once", tmp_path / "again"
    write(made["load"], once)
    write(made["load"], again)

    for file in once.iterdir():
        assert file.read_bytes() == (again / file.name).read_bytes()
        assert ET.fromstring(file.read_text()).tag.endswith("svg")  # noqa: S314 - our own file


@pytest.mark.parametrize("name", ["fan-out", "load"])
def test_no_two_labels_stand_on_each_other(made: dict[str, Plot], name: str) -> None:
    figure = draw(made[name], THEMES[0])
    figure.draw_without_rendering()  # the layout makes room for the labels as it is drawn
    boxes = [text.get_window_extent() for text in figure.axes[-1].texts]

    assert len(boxes) == 4
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1


def test_curves_that_end_in_the_same_place_have_their_labels_apart() -> None:
    point = Point(1, Summary(5, 5, 5, 1))
    curves = tuple(Curve(label, (point,)) for label in ("fastapi", "flask"))
    plot = Plot("tie", "A tie.", (Panel("tie", "x", "y", curves),))

    one, other = (text.get_window_extent() for text in draw(plot, THEMES[0]).axes[0].texts)

    assert not one.overlaps(other)


def test_nothing_measured_is_nothing_drawn() -> None:
    assert plots(Measured([])) == []


def medians_of(curve: Curve) -> list[float]:
    return [point.y.median for point in curve.points]
