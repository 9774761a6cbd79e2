"""The real `pypistats` client, run command by command against any base URL.

The client has no option for its base URL, hence this driver, which runs as a process of
its own: `python client_driver.py BASE_URL`, with commands as JSON on stdin and outcomes as JSON on
stdout. Starting Python and importing the client costs more than a command does, so the driver forks
for each: every command finds the client as freshly imported, as at a shell, and its cache empty.
"""

import json
import os
import shutil
import sys
import tempfile
import traceback
from pathlib import Path
from typing import BinaryIO

import prettytable  # noqa: F401 - imported here so that not every fork does it
import pypistats  # type: ignore[import-untyped]  # it has no types to tell
import slugify  # noqa: F401 - as above
import termcolor  # noqa: F401 - as above
import urllib3  # noqa: F401 - as above
from pypistats import _cache, cli


def outcome(command: list[str], folder: Path) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command in a process of its own."""
    # In its cache, URLs that differ in letter case or in runs of separators share a file.
    shutil.rmtree(_cache.CACHE_DIR, ignore_errors=True)
    with (folder / "stdout").open("w+b") as stdout, (folder / "stderr").open("w+b") as stderr:
        child = os.fork()
        if child == 0:
            _run(command, stdout, stderr)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status), _text(stdout), _text(stderr)


def _run(command: list[str], stdout: BinaryIO, stderr: BinaryIO) -> None:
    """Run the client; never returns."""
    os.dup2(stdout.fileno(), 1)
    os.dup2(stderr.fileno(), 2)
    sys.argv = ["pypistats", *command]
    code = 0
    try:
        cli.main()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001 - as the interpreter does with what nobody caught
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _text(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode()


if __name__ == "__main__":
    pypistats.BASE_URL = sys.argv[1]
    commands = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        outcomes = [outcome(command, Path(folder)) for command in commands]
    json.dump(outcomes, sys.stdout)
