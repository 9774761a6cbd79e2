"""`python -m tools.runtime.sam ARGUMENTS…`: AWS SAM's CLI at the pinned version, kept out of `.venv`."""

import os
import sys
from pathlib import Path
from typing import Final

from tools import without_proxies_for_loopback
from tools.uv import UvError, ensure_uv, uv_environment

from .configuration import DEFAULT_ENVIRONMENT, SAMCONFIG, parameter_overrides
from .machine import Machine, ThisMachine
from .problems import NeedError, ToolError
from .tools import SAM

SAM_VERSION: Final = SAM.version
SAM_HOME: Final = SAM.home
BUILT_TEMPLATE = Path(".aws-sam/build/template.yaml")
TEMPLATES_ARCHITECTURE: Final = "x86_64"
"""What the template's parameter is where nobody says anything."""


def ensure_sam(machine: Machine) -> str:
    """Return the path of the pinned SAM once it is installed.

    Raises:
        ToolError: it can't be installed.
    """
    return SAM.ensure(machine)


def architecture(machine: Machine) -> str:
    """What functions are built for where samconfig.toml does not say: ARCH, else what this machine runs."""
    return machine.environ.get("ARCH") or machine.architecture


def sam_command(machine: Machine, *arguments: str) -> list[str]:
    """The command line that runs SAM, with the architecture where SAM needs to know it.

    Raises:
        ToolError: SAM can't be installed, or samconfig.toml and ARCH contradict each other.
    """
    return [ensure_sam(machine), *arguments, *_overrides(machine, arguments)]


def _overrides(machine: Machine, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """What samconfig.toml does not say of the architecture that is built for.

    An environment that names one has it, wherever it is built. Without one, and for running
    functions on this machine, it is ARCH where that is set, else what the machine has.
    """
    if arguments[:1] not in {("build",), ("deploy",), ("local",)}:
        return ()
    environment = _config_env(arguments)
    said = parameter_overrides(machine, environment or DEFAULT_ENVIRONMENT)
    chosen = machine.environ.get("ARCH")
    if "Architecture" in said and (environment or arguments[0] == "deploy"):
        if chosen and chosen != said["Architecture"]:
            raise ToolError(
                f"ARCH is {chosen}, and {SAMCONFIG.name} says Architecture={said['Architecture']} for "
                f"{environment or DEFAULT_ENVIRONMENT!r}. What is deployed is chosen there: change it, "
                "or unset ARCH."
            )
        return ()
    wanted = architecture(machine)
    if (
        wanted == said.get("Architecture", TEMPLATES_ARCHITECTURE)
        or "--parameter-overrides" in arguments
    ):
        return ()
    # The flag hides all that samconfig.toml says, so that is said again.
    merged = {**said, "Architecture": wanted}
    return ("--parameter-overrides", *(f"{name}={value}" for name, value in merged.items()))


def _config_env(arguments: tuple[str, ...]) -> str | None:
    """The environment of samconfig.toml that is asked for by name."""
    for one, following in zip(arguments, (*arguments[1:], None), strict=True):
        if one == "--config-env":
            return following
        if one.startswith("--config-env="):
            return one.partition("=")[2]
    return None


def sam_environment(machine: Machine, *arguments: str) -> dict[str, str]:
    """The environment that SAM runs in: it tells nobody, and functions/Makefile finds uv.

    Raises:
        ToolError: uv can't be had.
    """
    environ = {**machine.environ, "SAM_CLI_TELEMETRY": "0"}
    if arguments[:1] == ("build",):
        try:
            environ = {**uv_environment(environ), "UV": str(ensure_uv(environ))}
        except UvError as error:
            raise ToolError(str(error)) from None
    if arguments[:1] == ("local",):
        # Nothing local needs an account: any region will do, and no metadata service is asked for one.
        environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
        environ["AWS_EC2_METADATA_DISABLED"] = "true"
        # SAM asks the functions' containers on the loopback.
        environ.update(without_proxies_for_loopback(environ))
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
