"""The whole life of one stack in the emulator, and what was seen at each step of it.

A deployment can't be undone for each test; so it is lived through once, and every test reads what
was written down.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from botocore.exceptions import ClientError

from tools import ROOT
from tools.emulator.account import Account
from tools.emulator.stack import Stack
from tools.runtime.machine import NeedError
from tools.runtime.upstream import FakePypistats
from tools.smoke import smoke

FUNCTIONS = {"FastApiFunction": "fastapi", "FlaskFunction": "flask"}
PACKAGE = "pandas"
TRACKED = "boto3"
"""Tracked, and asked for by nobody."""
UNTRACKED = "django"
ASKED = (
    *("/flask/health", f"/packages/{PACKAGE}", f"/flask/packages/{PACKAGE}"),
    *(f"/compare?packages={PACKAGE},numpy", f"/flask/compare?packages={PACKAGE},numpy"),
)
CHANGED = {"FlaskFanout": "threads"}
ANSWER_TIMEOUT_S = 60


@dataclass
class Life:
    """What was seen of a stack, from its first deployment to its end."""

    outputs: dict[str, str]
    upstream_rows: list[dict[str, Any]]
    """What the fake pypistats.org has on `PACKAGE`."""
    refused: str
    """What a deployer without rights was told."""
    wrong: str
    """What a deployer with a wrong parameter was told."""
    answers: dict[str, httpx.Response] = field(default_factory=dict)
    """By what was asked, through the deployed `ApiUrl`."""
    items: list[dict[str, Any]] = field(default_factory=list)
    """All that requests left in the deployed table."""
    may: dict[tuple[str, str], bool] = field(default_factory=dict)
    """Whether the role of a function may do an action on the table."""
    preflights: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By function, as its alias answered when it was invoked."""
    smoked: int = -1
    """The exit status of `make smoke` for the deployed API."""
    collected: list[str] = field(default_factory=list)
    """The breakdowns of `TRACKED` in the deployed history, after a run of the collector."""
    not_collected: str = ""
    """What is said if a run leaves nothing of a package."""
    versions: list[dict[str, str]] = field(default_factory=list)
    """What `live` stood for after each deployment, by function."""
    fanouts: list[str] = field(default_factory=list)
    """What the Flask function that `live` stood for was told, after each deployment."""
    answers_after: dict[str, httpx.Response] = field(default_factory=dict)
    """As `answers`, after the second deployment."""
    left: list[str] = field(default_factory=list)
    """What was in the account after the stack was deleted."""


def live(stack: Stack, template: Path, upstream: FakePypistats) -> Life:
    """Deploy, ask, deploy anew with a changed parameter, ask again, delete."""
    account = stack.account
    parameters = {"PypistatsUrl": upstream.url, "TrackedPackages": TRACKED}
    refused = _deploy_without_rights(stack, template, parameters)
    wrong = _refusal(lambda: stack.deploy(template, {**parameters, "MemorySize": "64"}))
    stack.deploy(template, parameters)
    url = f"{upstream.local_url}/api/packages/{PACKAGE}/overall"
    rows = httpx.get(url, trust_env=False).raise_for_status().json()["data"]
    life = Life(stack.outputs(), rows, refused, wrong)
    _expire_items(account, life.outputs["CacheTableName"])
    names = {function: stack.physical_name(function) for function in FUNCTIONS}

    life.answers = _ask(account, life.outputs["ApiUrl"])
    life.items = _items(account, life.outputs["CacheTableName"])
    life.may = {
        (function, action): _may(stack, f"{function.removesuffix('Function')}Role", action)
        for function in (*FUNCTIONS, "CollectorFunction")
        for action in ("get_item", "scan")
    }
    life.preflights = {function: _preflight(account, names[function]) for function in FUNCTIONS}
    # Not a preflight, which the emulator answers by itself.
    life.smoked = smoke(account.api_url(life.outputs["ApiUrl"]), "-k", "not preflight")
    life.collected = stack.collect(TRACKED)
    life.not_collected = _refusal(lambda: stack.collect(UNTRACKED))
    _note_what_is_live(account, names, life)

    stack.deploy(template, {**parameters, **CHANGED})
    _note_what_is_live(account, names, life)
    life.answers_after = _ask(account, life.outputs["ApiUrl"])

    stack.delete()
    life.left = account.resources()
    return life


def _refusal(step: Callable[[], object]) -> str:
    with pytest.raises(NeedError) as refusal:
        step()
    return str(refusal.value)


def _deploy_without_rights(stack: Stack, template: Path, parameters: dict[str, str]) -> str:
    users = stack.account.client("iam")
    users.create_user(UserName="nobody")
    key = users.create_access_key(UserName="nobody")["AccessKey"]
    nobody = replace(
        stack.account, access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"]
    )
    return _refusal(lambda: replace(stack, account=nobody).deploy(template, parameters))


def _may(stack: Stack, role: str, action: str) -> bool:
    """Whether a role of the stack may do an action on the deployed table."""
    account, name = stack.account, stack.physical_name(role)
    arn = account.client("iam").get_role(RoleName=name)["Role"]["Arn"]
    assumed = account.client("sts").assume_role(RoleArn=arn, RoleSessionName="tests")["Credentials"]
    table = replace(
        account,
        access_key=assumed["AccessKeyId"],
        secret_key=assumed["SecretAccessKey"],
        token=assumed["SessionToken"],
    ).client("dynamodb")
    asked: dict[str, Any] = {"TableName": stack.outputs()["CacheTableName"]}
    try:
        if action == "scan":
            table.scan(**asked)
        else:
            table.get_item(**asked, Key={"key": {"S": PACKAGE}})
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        return False
    return True


def _ask(account: Account, api_url: str) -> dict[str, httpx.Response]:
    # The host's name ends in `.localhost`, which not every machine knows for its own.
    host = {"host": urlsplit(api_url).netloc}
    with httpx.Client(
        base_url=account.url, headers=host, timeout=ANSWER_TIMEOUT_S, trust_env=False
    ) as client:
        return {path: client.get(path) for path in ASKED}


def _expire_items(account: Account, table: str) -> None:
    """What the emulator leaves out of the template: that items expire."""
    account.client("dynamodb").update_time_to_live(
        TableName=table,
        TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"},
    )


def _items(account: Account, table: str) -> list[dict[str, Any]]:
    items = account.client("dynamodb").scan(TableName=table)["Items"]
    return [{name: next(iter(value.values())) for name, value in item.items()} for item in items]


def _preflight(account: Account, function: str) -> dict[str, Any]:
    """The answer to OPTIONS, which the emulator does not pass on."""
    event = json.loads((ROOT / "events" / "health.json").read_text())
    event["requestContext"]["http"]["method"] = "OPTIONS"
    client = account.client("lambda")
    invoked = client.invoke(FunctionName=function, Qualifier="live", Payload=json.dumps(event))
    answer: dict[str, Any] = json.load(invoked["Payload"])
    return answer


def _note_what_is_live(account: Account, names: dict[str, str], life: Life) -> None:
    client = account.client("lambda")
    life.versions.append(
        {
            function: client.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
            for function, name in names.items()
        }
    )
    flask = client.get_function_configuration(FunctionName=names["FlaskFunction"], Qualifier="live")
    life.fanouts.append(flask["Environment"]["Variables"]["FLASK_FANOUT"])
