"""Fills the generated blocks of a page that is written by hand.

A block lies between `<!-- results:begin NAME -->` and `<!-- results:end -->`; NAME is one of those of
`tools.compare.report.blocks`.
"""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from . import plots, report
from .results import RUN, SAMPLES, load

_BLOCK: Final = re.compile(
    r"(?P<begin><!-- results:begin (?P<name>[\w-]+) -->\n).*?(?P<end><!-- results:end -->)",
    re.DOTALL,
)


class NoSuchBlock(Exception):
    """A page asks for a block that a run does not have."""


def filled(text: str, made: Mapping[str, str]) -> str:
    """The page with its blocks.

    Raises:
        NoSuchBlock: it asks for one that is not in `made`.
    """

    def fill(block: re.Match[str]) -> str:
        if block["name"] not in made:
            raise NoSuchBlock(f"there is no block {block['name']!r}; there are {', '.join(made)}")
        # Markdown ends a comment's HTML block only at a blank line.
        return f"{block['begin']}\n{made[block['name']]}\n\n{block['end']}"

    return _BLOCK.sub(fill, text)


def publish(folder: Path, page: Path) -> None:
    """Fill a page from a reported run's folder, and copy the run and its plots beside the page.

    Raises:
        NoResults: the folder does not hold a run.
        NoSuchBlock: the page asks for a block that there is not; nothing has been written then.
    """
    results = load(folder)
    beside = page.with_suffix("")
    made = report.blocks(results, plots.NAMES, f"{beside.name}/")
    text = filled(page.read_text(encoding="utf-8"), made)
    beside.mkdir(exist_ok=True)
    for file in (folder / RUN, folder / SAMPLES, *folder.glob("*.svg")):
        if folder.resolve() != beside.resolve():
            shutil.copyfile(file, beside / file.name)
    page.write_text(text, encoding="utf-8")
