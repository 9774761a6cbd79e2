"""The local Lambda image: kept if it is there, pulled once if it can be, made where it can't."""

from enum import Enum

from . import recipe
from .machine import Machine
from .rootfs import make_image

PULL_TIMEOUT_S = 180.0


class Image(Enum):
    """What Docker holds under the name of the official Lambda image."""

    ABSENT = "absent"
    OFFICIAL = "official"
    STAND_IN = "the stand-in, of today's recipe"
    OUTDATED = "the stand-in, of another recipe"


def look(machine: Machine, target: recipe.Target) -> Image:
    """Tell the official image from the stand-in by the stand-in's label."""
    label = f'{{{{index .Config.Labels "{recipe.LABEL}"}}}}'
    seen = machine.run("docker", "image", "inspect", "--format", label, target.image)
    if not seen.succeeded:
        return Image.ABSENT
    key = seen.stdout.strip()
    if not key:
        return Image.OFFICIAL
    return Image.STAND_IN if key == recipe.recipe_key() else Image.OUTDATED


def ensure_image(machine: Machine) -> str:
    """Return the name of the Lambda image for this machine once Docker has it.

    Raises:
        ImageError: it can neither be pulled nor made here; says what to do.
    """
    target = recipe.TARGETS[machine.architecture]
    found = look(machine, target)
    if found in {Image.OFFICIAL, Image.STAND_IN}:
        return target.image
    outdated_id = ""
    if found is Image.OUTDATED:
        seen = machine.run("docker", "image", "inspect", "--format", "{{.Id}}", target.image)
        outdated_id = seen.stdout.strip()
        machine.say(f"The recipe of the stand-in for {target.image} has changed since it was made")
    machine.say(f"Trying to pull {target.image}")
    pulled = machine.run("docker", "pull", "--quiet", target.image, timeout_s=PULL_TIMEOUT_S)
    if not pulled.succeeded:
        machine.say(f"It can't be had ({pulled.last_words(1)}): making a stand-in, some 60 s")
        make_image(machine, target)
    # SAM keeps the image that it derived from the last one, and would go on using it.
    machine.run("docker", "image", "rm", "--force", target.emulator_image)
    if outdated_id:  # it has lost its name to the new one
        machine.run("docker", "image", "rm", outdated_id)
    machine.say(f"{target.image} is ready")
    return target.image
