"""`python -m tools.runtime.sam ARGUMENTS…`: AWS SAM's CLI at the pinned version, kept out of `.venv`."""

import argparse
import os
import sys
import tomllib
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

import yaml

from tools import ROOT, without_proxies_for_loopback
from tools.uv import UvError, ensure_uv, uv_environment

from .machine import Machine, NeedError
from .tools import SAM

SAMCONFIG: Final = ROOT / "samconfig.toml"
TEMPLATE: Final = ROOT / "template.yaml"
TEMPLATES_ARCHITECTURE: Final = "x86_64"
"""The template's default."""

_DEFAULT: Final = "default"
_options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
_options.add_argument("--config-env")


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's functions (`!Ref`), which are read as None."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


@cache
def template() -> dict[str, Any]:
    """What template.yaml says, with None for each of CloudFormation's functions."""
    read: dict[str, Any] = yaml.load(TEMPLATE.read_text(), _Loader)  # noqa: S506 - it is a SafeLoader
    return read


def global_settings(environment: str) -> dict[str, Any]:
    """What an environment of samconfig.toml sets for all of SAM's commands, such as `stack_name`.

    Raises:
        NeedError: there is no such environment, or samconfig.toml can't be read.
    """
    try:
        environments = tomllib.loads(SAMCONFIG.read_text())
    except tomllib.TOMLDecodeError as error:
        raise NeedError(f"{SAMCONFIG.name} can't be read: {error}.") from None
    if environment not in environments:
        known = ", ".join(name for name, value in environments.items() if isinstance(value, dict))
        raise NeedError(f"{SAMCONFIG.name} has no environment {environment!r}; it has {known}.")
    settings: dict[str, Any] = environments[environment].get("global", {}).get("parameters", {})
    return settings


def parameter_overrides(environment: str) -> dict[str, str]:
    """The parameters that an environment of samconfig.toml sets, by name.

    Raises:
        NeedError: as `global_settings`, or it sets a parameter that the template lacks, which SAM ignores.
    """
    listed = global_settings(environment).get("parameter_overrides", [])
    overrides = dict(one.split("=", 1) for one in listed)
    known_names = template()["Parameters"]
    for name in overrides.keys() - known_names.keys():
        (nearest,) = get_close_matches(name, known_names, n=1, cutoff=0)
        raise NeedError(
            f"{SAMCONFIG.name} sets {name} for {environment!r}, and {TEMPLATE.name} has no such "
            f"parameter. Is it {nearest}?"
        )
    return overrides


def sam_command(machine: Machine, *arguments: str) -> list[str]:
    """The command line that runs SAM, with the architecture if SAM needs to know it.

    Raises:
        NeedError: SAM can't be installed, or samconfig.toml is wrong.
    """
    return [SAM.ensure(machine), *arguments, *_architecture(machine, arguments)]


def _architecture(machine: Machine, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """The flag that names this machine's architecture, if samconfig.toml does not name one.

    An environment that is named, or deployed, has the architecture that it says, wherever it is built.
    """
    if arguments[:1] not in {("build",), ("deploy",), ("local",)}:
        return ()
    named: str | None = _options.parse_known_args(arguments)[0].config_env
    overrides = parameter_overrides(named or _DEFAULT)
    configured = overrides.get("Architecture")
    chosen = configured and (named or arguments[0] == "deploy")
    wanted = machine.architecture
    if (
        chosen
        or wanted == (configured or TEMPLATES_ARCHITECTURE)
        or "--parameter-overrides" in arguments
    ):
        return ()
    # The flag hides all of samconfig.toml's, so they are repeated.
    merged = {**overrides, "Architecture": wanted}
    return ("--parameter-overrides", *(f"{name}={value}" for name, value in merged.items()))


def sam_environment(machine: Machine, *arguments: str) -> dict[str, str]:
    """The environment for SAM: no telemetry, and functions/Makefile finds uv.

    Raises:
        NeedError: uv can't be installed.
    """
    environ = {**machine.environ, "SAM_CLI_TELEMETRY": "0"}
    if arguments[:1] == ("build",):
        try:
            return {**uv_environment(environ), "UV": str(ensure_uv(environ))}
        except UvError as error:
            raise NeedError(str(error)) from None
    if arguments[:1] == ("local",):
        # Nothing local needs an account: any region does, and no metadata service is asked for one.
        environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
        environ["AWS_EC2_METADATA_DISABLED"] = "true"
        # SAM asks the functions' containers on loopback.
        environ.update(without_proxies_for_loopback(environ))
    return environ


def main() -> None:
    """Become SAM, or leave with 1 and the reason on stderr."""
    machine, arguments = Machine(), sys.argv[1:]
    try:
        command = sam_command(machine, *arguments)
        environ = sam_environment(machine, *arguments)
    except NeedError as need:
        sys.exit(str(need))
    os.execvpe(command[0], command, environ)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
