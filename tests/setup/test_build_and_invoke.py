"""`make build` and `make invoke` in a folder with an odd name, whatever the environment says."""

import json

import pytest

from tests.setup.copies import Project
from workbench.runtime.machine import ThisMachine
from workbench.runtime.tools import SAM


@pytest.fixture(scope="module")
def with_sam(project: Project, machine: ThisMachine) -> Project:
    """The copy, with the original's SAM: it is large."""
    SAM.ensure(machine)
    (project.folder / ".cache" / SAM.home.name).symlink_to(SAM.home)
    return project


@pytest.mark.usefixtures("image")
def test_build_and_invoke(with_sam: Project) -> None:
    invoked = with_sam.make("invoke", "EVENT=events/health.json")

    assert invoked.returncode == 0, invoked.stderr
    answer = json.loads(invoked.stdout.splitlines()[-1])
    assert answer["statusCode"] == 200
    assert "warning" not in invoked.stderr, invoked.stderr
    assert list(with_sam.home.iterdir()) == []
