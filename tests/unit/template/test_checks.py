"""`make lint` checks the template with every optional feature enabled."""

import json
from itertools import islice
from pathlib import Path

import pytest

from tools.checks import translation
from tools.checks.__main__ import commands
from tools.checks.translation import EVERYTHING_ON, translate
from tools.runtime.machine import Machine, NeedError


def test_tools_see_optional_features(machine: Machine, tmp_path: Path) -> None:
    _, cfn_lint = islice(commands(machine, tmp_path), 2)

    (written,) = tmp_path.iterdir()
    assert str(written) in cfn_lint
    parameters = json.loads(written.read_text())["Parameters"]
    assert (
        EVERYTHING_ON.items() <= {name: one["Default"] for name, one in parameters.items()}.items()
    )


def test_template_that_sam_refuses(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "template.yaml"
    broken.write_text("Resources: {Odd: {Type: AWS::Serverless::Function, Properties: {}}}\n")
    monkeypatch.setattr(translation, "TEMPLATE", broken)

    with pytest.raises(NeedError, match=r"SAM can't transform template\.yaml:(.|\n)*Odd"):
        translate(machine, {})
