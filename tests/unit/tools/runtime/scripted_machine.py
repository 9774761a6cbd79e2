"""A machine that is told how every command ends, and remembers what it was asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tools.runtime.machine import Outcome


@dataclass
class ScriptedMachine:
    """Answers a command by the longest script that it starts with; without one it succeeds."""

    architecture: str = "x86_64"
    user_id: int = 0
    environ: dict[str, str] = field(default_factory=dict)
    programs: set[str] = field(default_factory=lambda: {"docker", "dockerd", "iptables", "uv"})
    files: dict[str, str] = field(default_factory=dict)
    scripts: dict[str, list[Outcome]] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    detached: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    slept_s: float = 0
    installs: bool = True
    daemon_lives: bool = True

    def script(self, command: str, *outcomes: Outcome) -> None:
        """Let a command end so, one outcome after the other; the last one stays."""
        self.scripts[command] = list(outcomes)

    def count(self, command: str) -> int:
        """How often commands that start so were run."""
        return sum(line.startswith(command) for line in self.ran)

    def has(self, path: str) -> bool:
        return path in self.files

    def read(self, path: str) -> str:
        return self.files.get(path, "")

    def find(self, program: str) -> str | None:
        return f"/usr/bin/{program}" if program in self.programs else None

    def run(
        self,
        *command: str,
        timeout_s: float | None = None,  # noqa: ARG002 - nothing takes time here
        environ: Mapping[str, str] | None = None,  # noqa: ARG002 - nothing reads it here
    ) -> Outcome:
        line = " ".join(command)
        self.ran.append(line)
        if line.startswith("apt-get install") and self.installs:
            self.programs |= {"dockerd", "docker", "iptables", "debootstrap"}
        known = max(
            (start for start in self.scripts if line.startswith(start)), key=len, default=""
        )
        outcomes = self.scripts.get(known, [Outcome(0)])
        return outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]

    def start_detached(self, *command: str, log: str) -> Callable[[], bool]:
        self.detached.append(" ".join(command))
        self.files[log] = "started\nno iptables rules for you"
        return lambda: self.daemon_lives

    def pause(self, seconds: float) -> None:
        self.slept_s += seconds

    def say(self, message: str) -> None:
        self.said.append(message)
