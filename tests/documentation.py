"""Generated parts of the documentation that only servers can generate."""

import os
from pathlib import Path


def assert_documented(path: Path, text: str) -> None:
    """A page has this text. With UPDATE_DOCS (`make docs`), it is written first."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if before == text:
        return
    if os.environ.get("UPDATE_DOCS"):
        path.write_text(text, encoding="utf-8")
        return
    assert before == text, f"{path.name} is out of date: run `make docs`"
