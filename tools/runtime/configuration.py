"""What samconfig.toml says the template's parameters are, by environment."""

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from .machine import Machine
from .problems import ToolError

SAMCONFIG: Final = Path(__file__).parents[2] / "samconfig.toml"
TEMPLATE: Final = Path(__file__).parents[2] / "template.yaml"
DEFAULT_ENVIRONMENT: Final = "default"

_PARAMETERS: Final = re.compile(r"^Parameters:\n((?:(?: .*)?\n)*)", re.MULTILINE)
_NAME: Final = re.compile(r"^  (\w+):", re.MULTILINE)


def parameter_overrides(machine: Machine, environment: str) -> dict[str, str]:
    """The parameters that an environment sets, by name.

    Raises:
        ToolError: there is no such environment, samconfig.toml can't be read, or it sets what the
            template has not, which SAM passes over in silence.
    """
    try:
        environments = tomllib.loads(machine.read(str(SAMCONFIG)))
    except tomllib.TOMLDecodeError as error:
        raise ToolError(f"{SAMCONFIG.name} can't be read: {error}.") from None
    if environment not in environments:
        known = ", ".join(name for name, value in environments.items() if isinstance(value, dict))
        raise ToolError(f"{SAMCONFIG.name} has no environment {environment!r}; it has {known}.")
    parameters = environments[environment].get("global", {}).get("parameters", {})
    pairs = (one.partition("=") for one in parameters.get("parameter_overrides", []))
    overrides = {name: value for name, _, value in pairs}
    _require_known(machine, environment, list(overrides))
    return overrides


def _require_known(machine: Machine, environment: str, names: list[str]) -> None:
    section = _PARAMETERS.search(machine.read(str(TEMPLATE)))
    known = _NAME.findall(section[1]) if section else []
    for name in names:
        if name not in known:
            (nearest,) = get_close_matches(name, known, n=1, cutoff=0) or [""]
            raise ToolError(
                f"{SAMCONFIG.name} sets {name} for {environment!r}, and {TEMPLATE.name} has no such "
                f"parameter. Is it {nearest}?"
            )
