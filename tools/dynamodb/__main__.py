"""`python -m tools.dynamodb`: DynamoDB Local and the Java that it needs, installed if need be."""

import sys

from tools.runtime.machine import Machine, NeedError

from .local import ensure_installed

if __name__ == "__main__":
    try:
        ensure_installed(Machine())
    except NeedError as need:
        sys.exit(str(need))
