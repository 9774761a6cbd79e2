"""Several processes share a table and call one rate-limited upstream: a small `make politeness`."""

from dataclasses import replace

import pytest

from tools.politeness.plan import PER_MINUTE, Plan
from tools.politeness.promises import Result, broken_promises, report
from tools.politeness.run import measure
from tools.runtime.machine import Machine

PLAN = Plan(processes=4, packages=40, duration_s=22)
"""More packages than a minute has calls, so that some clients get a Retry-After within the run."""


BRIEF = replace(PLAN, duration_s=17)


def measured(machine: Machine, request: pytest.FixtureRequest, plan: Plan) -> Result:
    seed = int(request.config.option.hypothesis_seed)
    return measure(machine, replace(plan, seed=seed), machine.say)


@pytest.mark.parametrize("stall_s", [0, 3], ids=["steady upstream", "upstream stalls"])
def test_environments_stay_within_upstream_limits(
    machine: Machine, request: pytest.FixtureRequest, stall_s: float
) -> None:
    """No limit is exceeded, counted over all environments, and told waits are true.

    A tenth of the waits may be in vain here: on a machine that runs much else a granted moment can be missed. `make
    politeness` on a quiet machine allows none.
    """
    result = measured(machine, request, replace(PLAN, stall_s=stall_s))
    outcomes = result.outcomes
    told = "\n".join(report(result))
    waits_apart = replace(result, outcomes=replace(outcomes, broken=[]))
    assert list(broken_promises(waits_apart)) == [], told
    assert len(outcomes.broken) <= max(1, outcomes.kept // 10), told
    assert outcomes.kept > 0, told
    assert [calls.total for calls in result.endpoints] == [PER_MINUTE], told


@pytest.mark.parametrize(
    "plan",
    [replace(BRIEF, kill_table_s=2.5), replace(BRIEF, kill_holders=1)],
    ids=["table dies", "environments die"],
)
def test_upstream_refuses_nothing_whatever_dies(
    machine: Machine, request: pytest.FixtureRequest, plan: Plan
) -> None:
    """In the first burst the table dies, or an environment does and another one in the second.

    Without a table nobody knows what others have fetched or reserved, and what an environment was fetching
    when it died is fetched again: then a package may be asked for twice, and a wait may be in vain.
    """
    result = measured(machine, request, plan)
    assert list(broken_promises(result)) == [], "\n".join(report(result))
