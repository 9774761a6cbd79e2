"""Several processes share a table and call one rate-limited upstream: a small `make politeness`."""

from dataclasses import replace
from typing import Any

import pytest

from tools.politeness.plan import PER_MINUTE, Plan
from tools.politeness.run import measure
from tools.politeness.verdict import broken_promises
from tools.runtime.machine import Machine

PLAN = Plan(processes=4, packages=40, duration_s=22)
"""More packages than a minute has calls, so that some clients get a Retry-After within the run."""


@pytest.mark.parametrize("stall_s", [0, 3], ids=["steady upstream", "upstream stalls"])
def test_environments_stay_within_upstream_limits(
    machine: Machine, request: pytest.FixtureRequest, stall_s: float
) -> None:
    """No limit is exceeded, counted over all environments, and told waits are true.

    A tenth of the waits may be in vain here: on a machine that runs much else a granted moment can be missed. `make
    politeness` on a quiet machine allows none.
    """
    seed = int(request.config.option.hypothesis_seed)
    plan = replace(PLAN, seed=seed, stall_s=stall_s)
    result = measure(machine, plan, machine.say)
    told_truly = [replace(one, broken=[]) for one in result.clients]
    assert broken_promises(replace(result, clients=told_truly)) == [], dict(result.logged)
    broken, kept = (
        sum(len(outcomes.broken) for outcomes in result.clients),
        sum(outcomes.kept for outcomes in result.clients),
    )
    assert broken <= max(1, kept // 10), (broken, kept, dict(result.logged))
    assert [calls.total for calls in result.endpoints] == [PER_MINUTE]
    assert sum(outcomes.kept for outcomes in result.clients) > 0


@pytest.mark.parametrize("killed", [{"table_dies_after_s": 2.5}, {"killed": 1}], ids="-".join)
def test_upstream_refuses_nothing_whatever_dies(
    machine: Machine, request: pytest.FixtureRequest, killed: dict[str, Any]
) -> None:
    """In the first burst the table dies, or an environment does and another one in the second.

    Without a table nobody knows what others have fetched or reserved, and what an environment was fetching
    when it died is fetched again: then a package may be asked for twice, and a wait may be in vain.
    """
    seed = int(request.config.option.hypothesis_seed)
    plan = replace(PLAN, duration_s=17, seed=seed, **killed)
    result = measure(machine, plan, machine.say)
    assert broken_promises(result) == [], dict(result.logged)
    assert [calls.refused for calls in result.endpoints] == [0]
