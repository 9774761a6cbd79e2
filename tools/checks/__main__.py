"""`python -m tools.checks`: SAM, cfn-lint and checkov on template.yaml. Once installed, they need no network.

A rule that is wrong for a resource is ignored in the resource's Metadata, with the reason.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.checks.translation import EVERYTHING_ON, TEMPLATE, translate
from tools.runtime.machine import Machine, NeedError
from tools.runtime.tools import CHECKOV, SAM
from tools.uv import CACHE

IGNORED_ONCE_TRANSLATED: Final = (
    "W1001",  # a condition that SAM has already decided: see the functions' Metadata in the template
    "W7001",  # SAM has put the mapping's values in and left the mapping
)


def commands(machine: Machine, folder: Path) -> Iterator[list[str]]:
    """The command lines of all checks; `folder` is for the transformed template, which they check too.

    Raises:
        NeedError: a tool can't be installed, or SAM does not accept the template.
    """
    yield [SAM.ensure(machine), "validate", "--lint", "--template", str(TEMPLATE)]
    translated = folder / "translated.json"
    template = translate(machine, EVERYTHING_ON)
    # The tools evaluate conditions with the default parameters, and skip what these leave out.
    for name, value in EVERYTHING_ON.items():
        template["Parameters"][name]["Default"] = value
    translated.write_text(json.dumps(template, indent=1))
    yield [
        *(str(SAM.python.with_name("cfn-lint")), "--template", str(translated)),
        *("--ignore-checks", *IGNORED_ONCE_TRANSLATED),
    ]
    yield [
        *(CHECKOV.ensure(machine), "--framework", "cloudformation", "--skip-download"),
        *("--quiet", "--compact", "--file", str(TEMPLATE), str(translated)),
    ]


def main() -> int:
    """Run every check; returns 0 if all passed."""
    settings = {"AWS_DEFAULT_REGION": "eu-central-1", "SAM_CLI_TELEMETRY": "0"}
    # checkov keeps a file there; git, which runs this as a hook, has not set it.
    environ = {**os.environ, **settings, "XDG_CACHE_HOME": str(CACHE)}
    try:
        with tempfile.TemporaryDirectory(prefix="pypi-pulse-") as folder:
            return max(
                subprocess.run(command, env=environ, check=False).returncode
                for command in commands(Machine(), Path(folder))
            )
    except NeedError as need:
        sys.exit(str(need))


if __name__ == "__main__":
    sys.exit(main())
