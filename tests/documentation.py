"""Generated parts of the documentation that only servers can generate."""

import os
from collections.abc import Callable
from pathlib import Path


def assert_documented(path: Path, text: str, same: Callable[[str], str] = str) -> None:
    """A page has this text, apart from what `same` removes. With UPDATE_DOCS (`make docs`), it is written first."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if same(before) == same(text):
        return
    if os.environ.get("UPDATE_DOCS"):
        path.write_text(text, encoding="utf-8")
        return
    assert same(before) == same(text), f"{path.name} is out of date: run `make docs`"
