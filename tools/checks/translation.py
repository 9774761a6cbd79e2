"""The template as CloudFormation gets to see it, once SAM's translator has transformed it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tools import ROOT
from tools.runtime.machine import Machine, NeedError
from tools.runtime.tools import SAM

TEMPLATE: Final = ROOT / "template.yaml"
EVERYTHING_ON: Final = {
    "AlarmEmail": "operator@example.org",
    "BasePath": "stats/v1",
    "Cdn": "on",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d",
    "DomainName": "pulse.example.org",
    "HostedZoneId": "Z0123456789",
    "ReservedConcurrency": "10",
    "Rollout": "Canary10Percent5Minutes",
    "SnapStart": "on",
    "Tracing": "Active",
    "TrackedPackages": "requests,httpx",
}
"""Parameters with which every resource is there."""

_TRANSLATE_TIMEOUT_S: Final = 120


def translate(machine: Machine, parameters: Mapping[str, str]) -> dict[str, Any]:
    """The transformed template; SAM looks at the parameters' values while it transforms.

    Raises:
        NeedError: SAM can't be installed, or does not take the template.
    """
    SAM.ensure(machine)
    script = Path(__file__).with_name("translator.py")
    done = machine.run(
        *(str(SAM.python), str(script), str(TEMPLATE), json.dumps(dict(parameters))),
        timeout_s=_TRANSLATE_TIMEOUT_S,
    )
    if not done.succeeded:
        raise NeedError(f"SAM can't transform {TEMPLATE.name}:\n{done.last_words()}")
    translated: dict[str, Any] = json.loads(done.stdout)
    return translated
