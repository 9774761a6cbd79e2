"""`python -m workbench.runtime.sam ARGUMENTS…`: AWS SAM's CLI at the pinned version, kept out of `.venv`."""

import os
import sys
from pathlib import Path

from .machine import Machine, ThisMachine
from .problems import NeedError, ToolError
from .tools import uv_command

# It pins much, so it has an environment of its own. It is not `uv tool run` each time, which asks the
# package index each time, some 3 s.
SAM_VERSION = "1.170.0"
SAM_HOME = Path(__file__).parents[2] / ".cache" / f"sam-{SAM_VERSION}"
SAM_INSTALL_TIMEOUT_S = 600
BUILT_TEMPLATE = Path(".aws-sam/build/template.yaml")


def ensure_sam(machine: Machine) -> str:
    """Return the path of the pinned SAM once it is installed.

    Raises:
        ToolError: it can't be installed.
    """
    sam = str(SAM_HOME / "bin" / "sam")
    if not machine.has(sam):
        machine.say(f"Installing AWS SAM's CLI {SAM_VERSION} into {SAM_HOME}")
        installed = machine.run(
            *(uv_command(machine), "tool", "install", "--quiet", "--force"),
            *("--python", sys.executable, f"aws-sam-cli=={SAM_VERSION}"),
            timeout_s=SAM_INSTALL_TIMEOUT_S,
            environ={"UV_TOOL_DIR": str(SAM_HOME), "UV_TOOL_BIN_DIR": str(SAM_HOME / "bin")},
        )
        if not machine.has(sam):
            raise ToolError(f"AWS SAM's CLI can't be installed:\n{installed.last_words()}")
    return sam


def architecture(machine: Machine) -> str:
    """What functions are built for: ARCH where it is set, else what this machine runs."""
    return machine.environ.get("ARCH") or machine.architecture


def sam_command(machine: Machine, *arguments: str) -> list[str]:
    """The command line that runs SAM, with the architecture where SAM needs to know it."""
    arch = architecture(machine)
    # The template's own default needs no saying, and a flag would hide samconfig.toml's overrides.
    takes_overrides = arguments[:1] in {("build",), ("local",)} and arch != "x86_64"
    overrides = ("--parameter-overrides", f"Architecture={arch}") if takes_overrides else ()
    return [ensure_sam(machine), *arguments, *overrides]


def sam_environment(machine: Machine, *arguments: str) -> dict[str, str]:
    """The environment that SAM runs in: it tells nobody, and functions/Makefile finds uv."""
    environ = {
        **machine.environ,
        "SAM_CLI_TELEMETRY": "0",
        "UV": uv_command(machine),
        "ARCH": architecture(machine),
    }
    if arguments[:1] == ("local",):
        # Nothing local needs an account: any region will do, and no metadata service is asked for one.
        environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
        environ["AWS_EC2_METADATA_DISABLED"] = "true"
    return environ


def require_built(template: Path) -> None:
    """Raise `ToolError` where `sam build` has not run yet."""
    if not template.exists():
        raise ToolError(f"There is no {template}: run `make build` first.")


def main() -> None:
    """Become SAM, or leave with 1 and the reason on stderr where it can't be had."""
    machine, arguments = ThisMachine(), sys.argv[1:]
    try:
        command = sam_command(machine, *arguments)
        environ = sam_environment(machine, *arguments)
    except NeedError as need:
        sys.exit(str(need))
    os.execvpe(command[0], command, environ)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
