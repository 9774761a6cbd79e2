"""A machine whose programs answer from a script; it remembers what it ran."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.runtime.machine import Machine, Outcome


@dataclass
class ScriptedMachine(Machine):
    """Answers a command by the longest script that it starts with; without one it succeeds."""

    architecture: str = "x86_64"
    environ: dict[str, str] = field(default_factory=dict)
    files: set[Path] = field(default_factory=set)
    scripts: dict[str, list[Outcome]] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def script(self, command: str, *outcomes: Outcome) -> None:
        """Let a command end so, one outcome after the other; the last one stays."""
        self.scripts[command] = list(outcomes)

    def count(self, command: str) -> int:
        """How often commands that start so were run."""
        return sum(line.startswith(command) for line in self.ran)

    def has(self, path: Path) -> bool:
        return path in self.files

    def run(
        self,
        *command: str,
        timeout_s: float | None = None,  # noqa: ARG002 - nothing takes time here
        environ: Mapping[str, str] | None = None,  # noqa: ARG002 - nothing reads it here
    ) -> Outcome:
        line = " ".join(command)
        self.ran.append(line)
        known = max(
            (start for start in self.scripts if line.startswith(start)), key=len, default=""
        )
        outcomes = self.scripts.get(known, [Outcome(0)])
        return outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]

    def pause(self, seconds: float) -> None:
        """Nothing takes time here."""

    def say(self, message: str) -> None:
        self.said.append(message)
