"""`python -m tools.runtime`: a Docker engine and the local Lambda image, made if need be."""

import sys

from .engine import ensure_engine
from .image import ensure_image
from .machine import ThisMachine
from .problems import NeedError


def main() -> int:
    """Return 0 when both are there, 1 with the reason on stderr when they can't be."""
    machine = ThisMachine()
    try:
        ensure_engine(machine)
        ensure_image(machine)
    except NeedError as need:
        machine.say(str(need))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
