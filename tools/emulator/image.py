"""The image that the emulator runs functions in: the Lambda image, which answers HTTP by itself.

It is the official image or its stand-in, with the runtime interface emulator that SAM ships as its
entry point. The stand-in has none, since `sam local` brings it along.
"""

from pathlib import Path

from tools.emulator.problems import EmulatorError
from tools.runtime import recipe
from tools.runtime.machine import Machine, Outcome
from tools.runtime.tools import SAM

PREFIX = "localhost/pypi-pulse"
"""What the emulator puts before the official image's name. No registry is ever asked for it."""

FUNCTION_IMAGE = f"{PREFIX}/public.ecr.aws/lambda/python:{recipe.PYTHON}"
BASE_LABEL = "pypi-pulse.made-from"

_INTERFACE_EMULATOR = "/usr/local/bin/aws-lambda-rie"
_ENTRYPOINT = f'ENTRYPOINT ["{_INTERFACE_EMULATOR}", "/var/runtime/bootstrap"]'


def ensure_function_image(machine: Machine, base: str) -> None:
    """Make `FUNCTION_IMAGE` from the Lambda image `base`, unless it is there already.

    Raises:
        EmulatorError: Docker could not make it.
        ToolError: SAM, which ships a part of it, can't be installed.
    """
    base_id = _inspect(machine, base, "{{.Id}}")
    if base_id and _inspect(machine, FUNCTION_IMAGE, _label(BASE_LABEL)) == base_id:
        return
    machine.say(f"Making {FUNCTION_IMAGE} from {base}")
    created = machine.run("docker", "create", base, "handler")
    _check(created)
    container = created.stdout.strip()
    try:
        emulator = _interface_emulator(machine)
        _check(machine.run("docker", "cp", str(emulator), f"{container}:{_INTERFACE_EMULATOR}"))
        changes = (_ENTRYPOINT, f"LABEL {BASE_LABEL}={base_id}")
        _check(
            machine.run(
                "docker",
                "commit",
                *(f"--change={line}" for line in changes),
                container,
                FUNCTION_IMAGE,
            )
        )
    finally:
        machine.run("docker", "rm", "--force", "--volumes", container)


def _interface_emulator(machine: Machine) -> Path:
    SAM.ensure(machine)
    name = f"aws-lambda-rie-{machine.architecture}"
    found = next(SAM.home.glob(f"lib/*/site-packages/samcli/local/rapid/{name}"), None)
    if found is None:
        raise EmulatorError(f"SAM in {SAM.home} ships no {name}: remove the folder and try again.")
    return found


def _inspect(machine: Machine, image: str, template: str) -> str:
    return machine.run("docker", "image", "inspect", "--format", template, image).stdout.strip()


def _label(name: str) -> str:
    return f'{{{{index .Config.Labels "{name}"}}}}'


def _check(outcome: Outcome) -> None:
    if not outcome.succeeded:
        raise EmulatorError(
            f"The image that functions run in could not be made:\n{outcome.last_words()}"
        )
