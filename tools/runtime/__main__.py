"""`python -m tools.runtime`: a Docker engine and the local Lambda image, set up if need be."""

import sys

from .docker import ensure_image
from .machine import Machine, NeedError

if __name__ == "__main__":
    try:
        ensure_image(Machine())
    except NeedError as need:
        sys.exit(str(need))
