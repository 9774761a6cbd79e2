"""GitHub workflows: the checks for a merge, minimal rights, tests before deployment."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github/workflows"
WORKFLOWS: dict[str, dict[Any, Any]] = {
    path.name: yaml.safe_load(path.read_text()) for path in FOLDER.iterdir()
}
CI = WORKFLOWS["ci.yaml"]
DEPLOY = WORKFLOWS["deploy.yaml"]
JOBS = [
    pytest.param(job, id=f"{file}-{name}")
    for file, workflow in WORKFLOWS.items()
    for name, job in workflow["jobs"].items()
]
ON = True
"""YAML 1.1 reads the key `on` as true."""


def commands(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_ci_triggers() -> None:
    assert CI[ON] == {
        "pull_request": None,
        "push": {"branches": ["main"]},
        "workflow_call": None,
    }


def test_ci_runs_what_a_merge_needs() -> None:
    """`.ci/run` is the reference."""
    needed = set(re.findall(r"^make .*$", (ROOT / ".ci/run").read_text(), flags=re.MULTILINE))
    assert needed == {"make lint", "make test"}
    run = {command for job in CI["jobs"].values() for command in commands(job)}
    assert needed <= run


def test_ci_runs_quick_tests_of_make_check() -> None:
    (quick,) = (one for one in commands(CI["jobs"]["quick"]) if "pytest" in one)
    assert quick.replace(".venv/bin", "$(BIN)") in (ROOT / "Makefile").read_text()


def test_quick_tests_run_on_oldest_and_lambda_python() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (on_lambda,) = set(re.findall(r"Runtime: python(\S+)", (ROOT / "template.yaml").read_text()))
    versions = CI["jobs"]["quick"]["strategy"]["matrix"]["python-version"]
    assert versions == [project["requires-python"].removeprefix(">="), on_lambda]


def test_failing_job_fails_ci() -> None:
    for job in CI["jobs"].values():
        assert "if" not in job
        assert "continue-on-error" not in job
        for step in job["steps"]:
            assert not {"if", "continue-on-error"} & step.keys()


def test_push_cancels_older_run_but_no_deployment() -> None:
    assert CI["name"] == "ci"
    assert CI["concurrency"] == {
        "group": "ci-${{ github.workflow == 'ci' && github.ref || github.run_id }}",
        "cancel-in-progress": True,
    }
    assert DEPLOY["concurrency"]["cancel-in-progress"] is False


def test_deployment_needs_passed_tests() -> None:
    assert DEPLOY["jobs"].keys() == {"tests", "deploy"}
    assert DEPLOY["jobs"]["tests"] == {
        "uses": "./.github/workflows/ci.yaml",
        "permissions": {"contents": "read"},
    }
    assert DEPLOY["jobs"]["deploy"]["needs"] == "tests"
    # `if: always()` would deploy despite a failure.
    assert "if" not in DEPLOY["jobs"]["deploy"]


def test_ci_may_only_read_code() -> None:
    assert CI["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in CI["jobs"].values())
    assert "secrets" not in (FOLDER / "ci.yaml").read_text()


@pytest.mark.parametrize("job", JOBS)
def test_jobs_time_out_and_keep_no_credentials(job: dict[str, Any]) -> None:
    if "uses" in job:  # it calls another workflow, whose jobs are tested here, too
        return
    assert job["timeout-minutes"] <= 90
    assert job["runs-on"] == "ubuntu-24.04"
    (checkout,) = (step for step in job["steps"] if "actions/checkout" in step.get("uses", ""))
    assert checkout["with"]["persist-credentials"] is False


@pytest.mark.parametrize("job", JOBS)
def test_actions_are_pinned_and_shells_get_no_input(job: dict[str, Any]) -> None:
    for step in job.get("steps", []):
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|[0-9a-f]{40})", step["uses"])
        assert "${{" not in step.get("run", "")


def test_action_has_one_version() -> None:
    used = {
        step["uses"]
        for workflow in WORKFLOWS.values()
        for job in workflow["jobs"].values()
        for step in job.get("steps", [])
        if "uses" in step
    }
    assert len({action.partition("@")[0] for action in used}) == len(used)


def test_dependabot_covers_every_ecosystem() -> None:
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    folders = {
        one["package-ecosystem"]: [
            ROOT / folder.strip("/")
            for folder in one.get("directories", [one.get("directory", "")])
        ]
        for one in updates
    }
    assert folders.keys() == {"github-actions", "npm"}
    assert folders["github-actions"] == [ROOT]
    assert {*folders["npm"]} == {
        lock.parent for lock in (ROOT / "tools").glob("*/package-lock.json")
    }
    for folder in folders["npm"]:
        # Dependabot's npm would write registry URLs into the lock file.
        assert "omit-lockfile-registry-resolved=true" in (folder / ".npmrc").read_text()
