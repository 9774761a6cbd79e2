"""The pandas call of docs/api.md reads our CSV correctly."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.http.served import Served

PAGE = (Path(__file__).parents[2] / "docs/api.md").read_text()
(CALL,) = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
SHOWN = """
print(*sorted(set(downloads.category)))
print(downloads.date.dtype.kind, downloads.downloads.dtype.kind)
print(downloads.downloads.sum())
"""


def test_pandas_keeps_versions_null_and_dates(api: Served) -> None:
    script = CALL.replace("http://127.0.0.1:8000", api.url) + SHOWN
    assert api.url in script
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "no_proxy": "*"},  # pandas would ask a proxy for loopback too
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    categories, kinds, total = done.stdout.splitlines()
    answer = api.client.get("/packages/requests/downloads", params={"by": "python_minor"}).json()
    assert categories.split() == sorted(one["category"] for one in answer["series"])
    assert {"3.10", "null"} <= set(categories.split())
    # A date, and whole numbers.
    assert kinds == "M i"
    assert int(total) == sum(one["total"] for one in answer["series"])
