"""`python -m tools.checks`: the template and GitHub's files, by the tools that know what AWS and GitHub take.

Nothing is asked of the network once the tools are installed.
"""

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools import ROOT
from tools.checks.translation import EVERYTHING_ON, TEMPLATE, translate
from tools.runtime.machine import Machine, NeedError
from tools.runtime.tools import CHECK_JSONSCHEMA, CHECKOV, SAM

WORKFLOWS: Final = ROOT / ".github/workflows"
DEPENDABOT: Final = ROOT / ".github/dependabot.yml"

IGNORED_ONCE_TRANSLATED: Final = (
    "W1001",  # a condition that SAM has already decided: see the functions' Metadata in the template
    "W7001",  # SAM has put the mapping's values in and left the mapping
)

_TIMEOUT_S: Final = 300
_AT_ONCE: Final = 2


@dataclass(frozen=True)
class Check:
    """One tool's run, and what to do about what it says."""

    name: str
    command: Sequence[str]
    advice: str


def checks(machine: Machine, folder: Path) -> Iterator[Check]:
    """All checks. `folder` is for the transformed template, which they look at too.

    Raises:
        NeedError: a tool can't be installed.
    """
    translated = folder / "translated.json"
    template = translate(machine, EVERYTHING_ON)
    # The tools take conditions to be what they are by default, and pass over what is not there then.
    for name, value in EVERYTHING_ON.items():
        template["Parameters"][name]["Default"] = value
    translated.write_text(json.dumps(template, indent=1))
    yield Check(
        "sam validate --lint",
        (SAM.ensure(machine), "validate", "--lint", "--template", str(TEMPLATE)),
        "Mend template.yaml; a rule that is wrong here is ignored in the resource's Metadata, with the reason.",
    )
    yield Check(
        "cfn-lint, on the template as SAM transforms it with everything on",
        (
            str(SAM.python.with_name("cfn-lint")),
            *("--ignore-checks", *IGNORED_ONCE_TRANSLATED),
            *("--template", str(translated)),
        ),
        "Mend what template.yaml makes of it.",
    )
    yield Check(
        "checkov, on the template and on what SAM transforms it into",
        (
            CHECKOV.ensure(machine),
            *("--framework", "cloudformation", "--skip-download", "--quiet", "--compact"),
            *("--file", str(TEMPLATE), str(translated)),
        ),
        "Mend template.yaml; what is meant to be so is skipped in the resource's Metadata, with the reason.",
    )
    yield Check(
        "check-jsonschema, GitHub's schema of workflows",
        (
            CHECK_JSONSCHEMA.ensure(machine),
            *("--builtin-schema", "vendor.github-workflows"),
            *(str(workflow) for workflow in sorted(WORKFLOWS.glob("*.yaml"))),
        ),
        "Mend the workflow.",
    )
    yield Check(
        "check-jsonschema, Dependabot's schema",
        (
            CHECK_JSONSCHEMA.ensure(machine),
            *("--builtin-schema", "vendor.dependabot", str(DEPENDABOT)),
        ),
        f"Fix {DEPENDABOT.name}.",
    )


def failure(machine: Machine, check: Check) -> str | None:
    """What a person is told if the check fails."""
    done = machine.run(
        *check.command,
        timeout_s=_TIMEOUT_S,
        environ={"AWS_DEFAULT_REGION": "eu-central-1", "SAM_CLI_TELEMETRY": "0"},
    )
    if done.succeeded:
        return None
    said = "\n".join(part.strip() for part in (done.stdout, done.stderr) if part.strip())
    return f"{check.name} failed:\n{said}\n{check.advice}"


def main() -> int:
    """Return 0 if all is well, 1 with what is not on stderr."""
    machine = Machine()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="pypi-pulse-") as folder,
            ThreadPoolExecutor(_AT_ONCE) as pool,
        ):
            found = checks(machine, Path(folder))
            done = list(pool.map(lambda check: failure(machine, check), found))
    except NeedError as need:
        machine.say(str(need))
        return 1
    failures = [one for one in done if one]
    for one in failures:
        machine.say(f"{one}\n")
    if not failures:
        print(f"{TEMPLATE.name} and GitHub's files: {len(done)} checks passed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
