"""`python -m tools.emulator`: the whole life of a deployment, from build to delete, in the emulator."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from tools.emulator.problems import DeploymentError
from tools.emulator.remains import remains
from tools.emulator.self_contained import invoke_alone
from tools.emulator.server import emulator
from tools.emulator.stack import Stack, build
from tools.runtime.engine import ensure_engine
from tools.runtime.image import ensure_image
from tools.runtime.machine import Machine, ThisMachine
from tools.runtime.network import own_network
from tools.runtime.problems import NeedError
from tools.runtime.processes import end_in_order_when_told_to
from tools.runtime.tools import SAM
from tools.runtime.upstream import fake_pypistats
from tools.smoke import smoke

FUNCTIONS = ("FastApiFunction", "FlaskFunction")

T = TypeVar("T")


def main() -> int:
    """Return 0 if all went well, else 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tools.emulator", description=__doc__)
    parser.add_argument(
        "parameters", nargs="*", type=_parameter, help="Name=value, as template.yaml has it"
    )
    parser.add_argument("--template", type=Path, help="a built template; else it is built first")
    asked = parser.parse_args()
    machine = ThisMachine()
    end_in_order_when_told_to()
    try:
        kept = deploy_and_delete(machine, asked.template, dict(asked.parameters))
    except NeedError as problem:
        machine.say(f"\n{problem}")
        return 1
    except KeyboardInterrupt:
        machine.say("\nEnded; nothing is left running.")
        return 130
    return 0 if kept else 1


def deploy_and_delete(machine: Machine, built: Path | None, parameters: dict[str, str]) -> bool:
    """Deploy to an emulator of its own, smoke, delete; returns whether every promise was kept.

    Raises:
        NeedError: a step failed; says what to do.
    """
    ensure_engine(machine)
    image = ensure_image(machine)
    SAM.ensure(machine)
    with tempfile.TemporaryDirectory(prefix="pypi-pulse-") as folder:
        template = built or _step("sam build", lambda: build(machine, Path(folder)))
        with (
            own_network(machine) as network,
            fake_pypistats(machine, image=image, network=network) as upstream,
            emulator(machine, image=image, network=network) as account,
        ):
            _done(f"the emulator answers at {account.url}")
            stack = Stack(machine, account)
            given = {"PypistatsUrl": upstream.url, **parameters}
            _step(
                f"sam deploy --config-env local: {stack.name}",
                lambda: stack.deploy(template, given),
            )
            for function in FUNCTIONS:
                alone = partial(
                    invoke_alone, machine, account, stack.physical_name(function), image=image
                )
                if outside := _step(f"{function} with its zip alone", alone).outside:
                    raise DeploymentError(f"{function} took from outside its zip: {outside}")
            url = account.path_address(stack.outputs()["ApiUrl"])
            # It answers a preflight by itself, with 403.
            kept = smoke(url, "-k", "not preflight") == 0
            _step("sam delete", stack.delete)
            if left := remains(account):
                raise DeploymentError(f"`sam delete` left: {', '.join(left)}.")
            _done("nothing is left in the account")
    return kept


def _step(name: str, work: Callable[[], T]) -> T:
    print(f"{name} … ", end="", flush=True)
    began = time.monotonic()
    result = work()
    print(f"{time.monotonic() - began:.0f} s", flush=True)
    return result


def _done(what: str) -> None:
    print(what, flush=True)


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is no parameter: say Name=value")
    return name, value


if __name__ == "__main__":
    sys.exit(main())
