"""Runs the examples of the documentation, and writes what they print.

An example is a command after `$ ` in a fenced block named `console`, with its output below it. It
is run against the API on the stand-in upstream, whose clock stands still, so that its figures are
the same at every run. `python -m tools.examples` says which examples differ from what stands
there; with `--write` it puts in what they print.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tools import environ
from tools.fake_pypistats import FakePypistats

NOW: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
DOCUMENTED_AT: Final = "127.0.0.1:8000"
"""Where the documentation says that `make run` serves."""

_BLOCK: Final = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
_COMMAND: Final = re.compile(r"^\$ (.*)$", re.MULTILINE)
_CHANGES_BY_RUN: Final = re.compile(
    r'(?<="fetched_at":")[^"]*|(?<="request_id":")[^"]*'
    r'|(?<="fetched_at": ")[^"]*|(?<="request_id": ")[^"]*|(?<=^date: ).*$'
    r"|(?<=^x-request-id: ).*$|(?<=^server-timing: ).*$",
    re.MULTILINE,
)


def run_examples(text: str, address: str) -> str:
    """The Markdown `text`, with the output of each example as printed by the API at `address`."""
    return _BLOCK.sub(lambda block: _run_block(block[0], address), text)


def without_what_changes(text: str) -> str:
    """The text without times and request ids, which are new at every run."""
    return _CHANGES_BY_RUN.sub("…", text)


@contextmanager
def serving() -> Iterator[str]:
    """The API as `make run` serves it, over a stand-in whose clock stands still: its address."""
    with FakePypistats(now=NOW, limits=False) as fake_pypistats:
        command = [sys.executable, "-m", "tools.serve"]
        settings = environ(PYPISTATS_URL=fake_pypistats.url, PORT="0")
        with subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, text=True) as server:
            try:
                yield _address(server)
            finally:
                server.terminate()


def _address(server: subprocess.Popen[str]) -> str:
    """The address on the line that says that the API is up."""
    assert server.stdout is not None  # noqa: S101 - for mypy: it is a pipe
    line = server.stdout.readline()
    found = re.search(r"127\.0\.0\.1:\d+", line)
    if not found:
        message = f"the API did not come up; it said {line!r}"
        raise RuntimeError(message)
    return found[0]


def _run_block(block: str, address: str) -> str:
    commands = _COMMAND.findall(block)
    return "".join(f"$ {command}\n{_output(command, address)}" for command in commands)


def _output(command: str, address: str) -> str:
    """What a command of the documentation prints; it is ours, so the shell may have it."""
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command.replace(DOCUMENTED_AT, address)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    output = done.stdout.replace("\r\n", "\n").replace(address, DOCUMENTED_AT)
    return output if output.endswith("\n") else f"{output}\n"


def main() -> int:
    """Check or write the examples of the given files. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put in what the examples print")
    parser.add_argument("files", nargs="+", type=Path, help="Markdown files")
    arguments = parser.parse_args()
    stale = []
    with serving() as address:
        for file in arguments.files:
            before = file.read_text()
            after = run_examples(before, address)
            if without_what_changes(before) != without_what_changes(after):
                stale.append(file)
                if arguments.write:
                    file.write_text(after)
    for file in stale:
        print(f"{file}: {'written' if arguments.write else 'its examples print something else'}")
    return 1 if stale and not arguments.write else 0


if __name__ == "__main__":
    sys.exit(main())
