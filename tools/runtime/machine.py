"""The machine as the rest of the runtime sees it: its facts, and the running of programs on it.

Everything that touches the machine goes through a `Machine`, so that what is decided about it can
be tested without one.
"""

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

TIMED_OUT = 124  # the exit status that coreutils' `timeout` uses


@dataclass(frozen=True)
class Outcome:
    """How a program ended, and what it wrote."""

    returncode: int
    stdout: str = ""
    stderr: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the program said that all went well."""
        return self.returncode == 0

    def last_words(self, lines: int = 5) -> str:
        """The last lines that the program wrote, for a message to a person."""
        written = (self.stderr.strip() or self.stdout.strip()).splitlines()
        return "\n".join(written[-lines:])


class Machine(Protocol):
    """What the runtime asks of the machine that it runs on."""

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment variables."""

    @property
    def architecture(self) -> str:
        """`x86_64` or `arm64`, as AWS Lambda names them."""

    @property
    def user_id(self) -> int:
        """The effective user id; 0 is root."""

    def has(self, path: str) -> bool:
        """Whether a file or folder of this name exists."""

    def read(self, path: str) -> str:
        """The text of a file, empty where it can't be read."""

    def find(self, program: str) -> str | None:
        """Where a program is on the PATH."""

    def run(
        self,
        *command: str,
        timeout_s: float | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run a program to its end; `environ` is added to the environment."""

    def start_detached(self, *command: str, log: str) -> Callable[[], bool]:
        """Start a program that outlives this one and writes to `log`; returns whether it runs."""

    def pause(self, seconds: float) -> None:
        """Wait between two looks at something that is not ready yet."""

    def say(self, message: str) -> None:
        """Tell the person at the terminal, on stderr."""


class ThisMachine:
    """The machine that this process runs on."""

    environ: Mapping[str, str] = os.environ

    @property
    def architecture(self) -> str:
        """As `Machine`."""
        return "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"

    @property
    def user_id(self) -> int:
        """As `Machine`."""
        return os.geteuid()

    def has(self, path: str) -> bool:
        """As `Machine`."""
        return Path(path).exists()

    def read(self, path: str) -> str:
        """As `Machine`."""
        try:
            return Path(path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def find(self, program: str) -> str | None:
        """As `Machine`."""
        return shutil.which(program)

    def run(
        self,
        *command: str,
        timeout_s: float | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Outcome:
        """As `Machine`; a missing program and a late one are outcomes, not exceptions."""
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_s,
                check=False,
                env={**self.environ, **(environ or {})},
            )
        except FileNotFoundError as error:
            return Outcome(127, stderr=str(error))
        except subprocess.TimeoutExpired:
            return Outcome(TIMED_OUT, stderr=f"{command[0]} did not finish within {timeout_s} s")
        return Outcome(done.returncode, done.stdout, done.stderr)

    def start_detached(self, *command: str, log: str) -> Callable[[], bool]:
        """As `Machine`; the log starts anew."""
        with Path(log).open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return lambda: process.poll() is None

    def pause(self, seconds: float) -> None:
        """As `Machine`."""
        time.sleep(seconds)

    def say(self, message: str) -> None:
        """As `Machine`."""
        print(message, file=sys.stderr, flush=True)
