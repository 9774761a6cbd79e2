"""The pandas call of docs/api.md reads our CSV correctly."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.http.served import Served

PAGE = (Path(__file__).parents[2] / "docs/api.md").read_text()
(CALL,) = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
URL = "http://127.0.0.1:8000/packages/requests/downloads?by=python_minor&format=csv"


def printed(url: str, column: str) -> list[str]:
    """The distinct values of a column, the kinds of the dates and the downloads, and the total."""
    assert URL in CALL
    script = f"""{CALL.replace(URL, url)}
print(*sorted(set(downloads.{column})))
print(downloads.date.dtype.kind, downloads.downloads.dtype.kind)
print(downloads.downloads.sum(), downloads.date.isna().sum())
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "no_proxy": "*"},  # pandas would ask a proxy for loopback too
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.splitlines()


def test_pandas_keeps_versions_null_and_dates(api: Served) -> None:
    path = "/packages/requests/downloads?by=python_minor"
    categories, kinds, total = printed(f"{api.url}{path}&format=csv", "category")
    answer = api.client.get(path).json()
    assert categories.split() == sorted(one["category"] for one in answer["series"])
    assert {"3.10", "null"} <= set(categories.split())
    # A date, and whole numbers.
    assert kinds == "M i"
    assert total == f"{sum(one['total'] for one in answer['series'])} 0"


def test_pandas_keeps_packages_without_figures(api: Served) -> None:
    path = "/compare/downloads?packages=null,flask"
    packages, kinds, total = printed(f"{api.url}{path}&format=csv", "package")
    unknown, flask = api.client.get(path).json()["packages"]
    assert unknown["status"] == "not_found"
    assert packages == "flask null"
    assert kinds == "M i"
    assert total == f"{flask['total']} 1"
