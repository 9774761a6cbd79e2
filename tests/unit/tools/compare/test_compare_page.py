"""docs/comparison.md, and how its generated blocks are filled."""

from pathlib import Path

import pytest

from tests.unit.tools.compare.canned import write
from tools.compare import plots, report
from tools.compare.page import NoSuchBlock, filled, publish
from tools.compare.results import load

DOCS = Path(__file__).parents[4] / "docs"
PAGE = DOCS / "comparison.md"

BY_HAND = """\
# By hand

<!-- results:begin summary -->
<!-- results:end -->

Between.

<!-- results:begin run -->
old
<!-- results:end -->
"""


def test_blocks_are_filled_and_the_rest_is_left() -> None:
    once = filled(BY_HAND, {"summary": "A", "run": "B\nC"})
    assert once == (
        "# By hand\n\n<!-- results:begin summary -->\n\nA\n\n<!-- results:end -->\n\nBetween.\n\n"
        "<!-- results:begin run -->\n\nB\nC\n\n<!-- results:end -->\n"
    )
    assert filled(once, {"summary": "A", "run": "B\nC"}) == once


def test_an_unknown_block_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- results:begin moon -->\n<!-- results:end -->\n")

    with pytest.raises(NoSuchBlock, match="there is no block 'moon'"):
        publish(write(tmp_path / "run"), page)

    assert not (tmp_path / "page").exists()


def test_publishing_puts_the_run_and_its_plots_beside_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- results:begin plot-fan-out -->\n<!-- results:end -->\n")

    folder = write(tmp_path / "run")
    plots.write(load(folder), folder)

    publish(folder, page)
    publish(tmp_path / "page", page)  # again, from what lies beside it

    assert 'src="page/fan-out-light.svg"' in page.read_text()
    assert 'srcset="page/fan-out-dark.svg"' in page.read_text()
    assert {file.name for file in (tmp_path / "page").iterdir()} == {
        *("run.json", "samples.csv", "fan-out-light.svg", "fan-out-dark.svg"),
        *("load-light.svg", "load-dark.svg"),
    }


def test_the_same_numbers_give_the_same_plot(tmp_path: Path) -> None:
    results = load(write(tmp_path))
    plots.write(results, tmp_path)
    first = (tmp_path / "load-dark.svg").read_bytes()
    plots.write(results, tmp_path)
    assert (tmp_path / "load-dark.svg").read_bytes() == first


def test_the_page_says_what_its_run_says() -> None:
    text = PAGE.read_text()
    made = report.blocks(load(DOCS / "comparison"), plots.NAMES, "comparison/")
    assert filled(text, made) == text
    assert text.index("results:begin summary") < 1500  # it begins with the table


def test_the_plots_of_the_page_are_drawn_from_its_run() -> None:
    results = load(DOCS / "comparison")
    for plot in plots.NAMES:
        for theme in ("light", "dark"):
            drawn = (DOCS / "comparison" / f"{plot}-{theme}.svg").read_text()
            assert plots.digest(results, plot) in drawn
