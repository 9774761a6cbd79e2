"""`python -m tools.emulator`: the whole life of a deployment, from build to delete, in the emulator."""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

from tools.runtime.docker import ensure_image, own_network
from tools.runtime.machine import Machine, NeedError
from tools.runtime.processes import end_in_order_when_told_to
from tools.runtime.upstream import fake_pypistats
from tools.smoke import smoke

from .server import emulator
from .stack import NAME, Stack, build

INTERRUPTED: Final = 130
TRACKED: Final = "boto3"
"""Collected, unless the parameters name others. Smoke tests do not ask for it."""


def main() -> int:
    """Return 0 if all went well, else 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tools.emulator", description=__doc__)
    parser.add_argument(
        "parameters", nargs="*", type=_parameter, help="Name=value, as template.yaml has it"
    )
    machine = Machine()
    parameters = dict(parser.parse_args().parameters)
    end_in_order_when_told_to()
    try:
        return deploy_and_delete(machine, parameters)
    except NeedError as need:
        machine.say(str(need))
        return 1
    except KeyboardInterrupt:
        machine.say("Ended; nothing is left running.")
        return INTERRUPTED


def deploy_and_delete(machine: Machine, parameters: dict[str, str]) -> int:
    """Deploy to an emulator, run smoke tests and collector, delete; returns the smoke tests' exit status.

    Raises:
        NeedError: a step failed; says what to do.
    """
    image = ensure_image(machine)
    with tempfile.TemporaryDirectory(prefix="pypi-pulse-") as folder:
        print("sam build", flush=True)
        template = build(machine, Path(folder))
        with (
            own_network(machine) as network,
            fake_pypistats(machine, image=image, network=network) as upstream,
            emulator(machine, image=image, network=network) as account,
        ):
            stack = Stack(machine, account)
            print(f"sam deploy --config-env local: {NAME}, at {account.url}", flush=True)
            parameters = {
                "PypistatsUrl": upstream.url,
                "TrackedPackages": TRACKED,
                **parameters,
            }
            stack.deploy(template, parameters)
            url = account.api_url(stack.outputs()["ApiUrl"])
            # The emulator answers a preflight itself, with 403.
            smoked = smoke(url, "-k", "not preflight")
            package = parameters["TrackedPackages"].split(",")[0]
            print(f"CollectorFunction, with {package} tracked", flush=True)
            breakdowns = stack.collect(package)
            print(f"HistoryTable has {package} by {', '.join(breakdowns)}.", flush=True)
            print("sam delete", flush=True)
            stack.delete()
            print("Nothing is left in the account.", flush=True)
    return smoked


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is no parameter: say Name=value")
    return name, value


if __name__ == "__main__":
    sys.exit(main())
