"""The examples of the documentation print what is below them.

An example is a command after `$ ` in a block named `console`. It is run against an API and a fake pypistats.org whose
clock stands still, so that figures and times are the same in every run.
"""

import datetime as dt
import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.documentation import assert_documented
from tests.http.served import Clock, served
from tests.left_out import leave_out
from tools import ROOT
from tools.fake_pypistats import FakePypistats

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
DOCUMENTED_URL = "127.0.0.1:8000"

BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*)$", re.MULTILINE)
CHANGES_BY_RUN = re.compile(
    r'(?<="request_id":")[^"]*|(?<="request_id": ")[^"]*'
    r"|(?<=^date: ).*|(?<=^x-request-id: ).*|(?<=^server-timing: ).*",
    re.MULTILINE,
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of the API, without a scheme."""
    if not shutil.which("curl"):
        leave_out("curl is missing, which the examples are written for: apt-get install curl")
    with (
        FakePypistats(now=NOW, limits=False) as upstream,
        served(upstream.url, Clock(NOW)) as api,
    ):
        yield api.url.removeprefix("http://")


@pytest.mark.parametrize("page", ["README.md", "docs/api.md"])
def test_examples(url: str, page: str) -> None:
    text = (ROOT / page).read_text()
    assert "```console\n$ " in text
    printed = BLOCK.sub(lambda block: run(block[0], url), text)
    assert_documented(ROOT / page, printed, lambda text: CHANGES_BY_RUN.sub("…", text))


def test_changed_example_is_noticed(url: str) -> None:
    assert '"status":"ok"' in run(f"$ curl -s {DOCUMENTED_URL}/health\nold\n", url)


def run(block: str, url: str) -> str:
    """The commands of a block, each with what it prints."""
    return "".join(f"$ {command}\n{output(command, url)}" for command in COMMAND.findall(block))


def output(command: str, url: str) -> str:
    """What a command prints, with a line break at its end."""
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command.replace(DOCUMENTED_URL, url)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.replace(url, DOCUMENTED_URL).replace("\r\n", "\n").rstrip("\n") + "\n"
