"""This machine as the tools see it: they run programs on it, and tell a person what it lacks."""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TIMED_OUT: Final = 124
"""As coreutils' `timeout` has it."""
NOT_FOUND: Final = 127
"""As a shell has it."""


class NeedError(Exception):
    """This machine lacks something, or it failed here; the message says what to do."""


@dataclass(frozen=True)
class Outcome:
    """A program's exit status and output."""

    returncode: int
    stdout: str = ""
    stderr: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the exit status is 0."""
        return self.returncode == 0

    def last_words(self, lines: int = 5) -> str:
        """The last lines of its output, for a message to a person."""
        written = (self.stderr.strip() or self.stdout.strip()).splitlines()
        return "\n".join(written[-lines:])


class Machine:
    """This machine; a test replaces it by one whose programs answer from a script."""

    environ: Mapping[str, str] = os.environ

    @property
    def architecture(self) -> str:
        """`x86_64` or `arm64`, as AWS Lambda names them."""
        return "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"

    def has(self, path: Path) -> bool:
        """Whether there is a file or folder at this path."""
        return path.exists()

    def run(
        self,
        *command: str,
        timeout_s: float | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run a program to its end; `environ` is added to the environment.

        If the program is missing or takes too long, the outcome says so.
        """
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
            return Outcome(NOT_FOUND, stderr=str(error))
        except subprocess.TimeoutExpired:
            return Outcome(TIMED_OUT, stderr=f"{command[0]} did not finish within {timeout_s} s")
        return Outcome(done.returncode, done.stdout, done.stderr)

    def pause(self, seconds: float) -> None:
        """Wait before the next look at something that is not ready yet."""
        time.sleep(seconds)

    def say(self, message: str) -> None:
        """Tell the person at the terminal, on stderr."""
        print(message, file=sys.stderr, flush=True)
