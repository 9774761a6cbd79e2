"""The examples of the documentation print what stands below them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.left_out import leave_out
from tools.examples import run_examples, serving, without_what_changes

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    if not shutil.which("curl"):
        leave_out("curl is missing, which the examples are written for: apt-get install curl")
    with serving() as address:
        yield address


@pytest.mark.parametrize("page", ["README.md", "docs/api.md"])
def test_the_examples_of_a_page_print_what_it_says(address: str, page: str) -> None:
    text = (ROOT / page).read_text()
    assert "```console\n$ " in text
    printed = run_examples(text, address)
    assert without_what_changes(printed) == without_what_changes(text)


def test_an_example_that_prints_something_else_is_noticed(address: str) -> None:
    text = "```console\n$ curl -s 127.0.0.1:8000/health\nold\n```\n"
    assert '"status":"ok"' in run_examples(text, address)
