"""docs/comparison.md, and how its generated blocks are filled."""

from pathlib import Path

import pytest

from tests.unit.tools.compare.canned import run, whole_run
from tools.compare.pages import NOT_MEASURED, NoSuchBlock, filled, page_blocks, publish
from tools.compare.plots import plots
from tools.compare.results import load

DOCS = Path(__file__).parents[4] / "docs"
PAGE = DOCS / "comparison.md"

BY_HAND = """\
# By hand

<!-- results:begin fan-out -->
<!-- results:end -->

Between.

<!-- results:begin costs -->
old
<!-- results:end -->

After.
"""


def test_blocks_are_filled_and_the_rest_is_left() -> None:
    assert filled(BY_HAND, {"fan-out": "A", "costs": "B\nC"}) == (
        "# By hand\n\n<!-- results:begin fan-out -->\n\nA\n\n<!-- results:end -->\n\nBetween.\n\n"
        "<!-- results:begin costs -->\n\nB\nC\n\n<!-- results:end -->\n\nAfter.\n"
    )


def test_filling_twice_changes_nothing_more() -> None:
    made = {"fan-out": "A", "costs": "B"}
    once = filled(BY_HAND, made)
    assert filled(once, made) == once


def test_a_block_that_there_is_not_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- results:begin moon -->\n<!-- results:end -->\n")

    with pytest.raises(NoSuchBlock, match="there is no block 'moon'"):
        publish(whole_run(), page)

    assert [file.name for file in tmp_path.iterdir()] == ["page.md"]


def test_what_a_run_has_not_measured_is_said_in_its_place() -> None:
    made = page_blocks(run([]), "")

    assert {made[name] for name in ("lambda-fan-out", "verdict-fan-out", "plot-load", "costs")} == {
        NOT_MEASURED
    }
    assert set(page_blocks(whole_run(), "")) == set(made)


def test_publishing_puts_results_and_plots_beside_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- results:begin plot-fan-out -->\n<!-- results:end -->\n")

    publish(whole_run(), page)

    assert 'src="page/fan-out-light.svg"' in page.read_text()
    assert 'srcset="page/fan-out-dark.svg"' in page.read_text()
    assert {file.name for file in (tmp_path / "page").iterdir()} == {
        *("results.json", "fan-out-light.svg", "fan-out-dark.svg"),
        *("load-light.svg", "load-dark.svg"),
    }


def test_the_page_says_what_its_results_say() -> None:
    text = PAGE.read_text()
    made = page_blocks(load(DOCS / "comparison"), "comparison/")
    assert filled(text, made) == text


def test_the_tables_of_the_committed_results_follow_from_their_samples() -> None:
    file = DOCS / "comparison" / "results.json"
    assert load(file).as_json() == file.read_text()


def test_the_plots_of_the_page_are_drawn_from_its_results() -> None:
    folder = DOCS / "comparison"
    for plot in plots(load(folder).summary.measured):
        for theme in ("light", "dark"):
            assert plot.digest in (folder / plot.file(theme)).read_text()
