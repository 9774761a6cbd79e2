"""Several environments, each a process, ask one limiting upstream through one table: a small `make politeness`."""

import pytest

from workbench.politeness.plan import Plan
from workbench.politeness.run import measure
from workbench.politeness.verdict import broken_promises
from workbench.runtime.machine import ThisMachine

PLAN = Plan(processes=4, packages=12, duration_s=10)


def test_all_environments_together_keep_every_promise(
    machine: ThisMachine, request: pytest.FixtureRequest
) -> None:
    seed = int(request.config.option.hypothesis_seed)
    plan = Plan(PLAN.processes, PLAN.packages, PLAN.duration_s, seed)
    result = measure(machine, plan, machine.say)
    assert broken_promises(result) == [], dict(result.logged)
    assert [calls.total for calls in result.endpoints] == [PLAN.packages]
