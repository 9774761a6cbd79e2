"""Fills the generated blocks of a page that is written by hand.

A block stands between `<!-- results:begin NAME -->` and `<!-- results:end -->`; NAME is one of those of
`tools.compare.markdown`. Everything else on the page is left as it is.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from . import costs, plots
from .layouts import LAYOUTS
from .markdown import blocks
from .results import Results
from .situations import SITUATIONS

_BLOCK: Final = re.compile(
    r"(?P<begin><!-- results:begin (?P<name>[\w-]+) -->\n)(?P<old>.*?)(?P<end><!-- results:end -->)",
    re.DOTALL,
)


NOT_MEASURED: Final = "Not measured in this run."


class NoSuchBlock(Exception):
    """A page asks for a block that no results have."""


def page_blocks(results: Results, plot_folder: str) -> dict[str, str]:
    """The blocks of the report, and in the place of those that this run has not, that it has not."""
    known = [f"verdict-{situation.name}" for situation in SITUATIONS]
    known += [f"plot-{name}" for name in plots.NAMES]
    known += [*(layout.name for layout in LAYOUTS), costs.NAME]
    return dict.fromkeys(known, NOT_MEASURED) | blocks(results, plot_folder)


def filled(text: str, made: Mapping[str, str]) -> str:
    """The page with every block as it is made from the results.

    Raises:
        NoSuchBlock: the page asks for a block that there is not.
    """

    def fill(block: re.Match[str]) -> str:
        name = block["name"]
        if name not in made:
            raise NoSuchBlock(f"there is no block {name!r}; there are {', '.join(made)}")
        # Markdown ends a comment's HTML block at a blank line only.
        return f"{block['begin']}\n{made[name]}\n\n{block['end']}"

    return _BLOCK.sub(fill, text)


def publish(results: Results, page: Path) -> None:
    """Fill a page, and put results.json and the plots into the folder beside it that has its name.

    Raises:
        NoSuchBlock: the page asks for a block that there is not; nothing has been written then.
    """
    folder = page.with_suffix("")
    text = filled(page.read_text(encoding="utf-8"), page_blocks(results, f"{folder.name}/"))
    results.save(folder)
    for plot in plots.plots(results.summary.measured):
        plots.write(plot, folder)
    page.write_text(text, encoding="utf-8")
