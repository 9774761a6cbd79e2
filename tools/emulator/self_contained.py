"""That a deployed function needs nothing from outside its zip.

The emulator hands out the zip that it was deployed with. It is unpacked into a bare container with no
network, in which Python sees the zip and its own standard library alone, and is invoked once.
"""

import io
import json
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import httpx

from tools.emulator.account import DIRECTLY, REGION, RequestLog
from tools.emulator.problems import DeploymentError
from tools.runtime.machine import Machine

EVENT = Path(__file__).parents[2] / "events" / "health.json"
INVOCATION_TIMEOUT_S = 60.0

# Runs isolated (-I) and without site-packages (-S), so what Lambda brings along is not on the path either.
_INVOCATION = """
import importlib, json, sys, sysconfig

sys.path.insert(0, "/var/task")
module, _, name = sys.argv[1].rpartition(".")
answer = getattr(importlib.import_module(module), name)(json.loads(sys.argv[2]), None)
homes = ("/var/task/", sysconfig.get_path("stdlib") + "/")
loaded = {
    name: file for name, module in sorted(sys.modules.items()) if (file := getattr(module, "__file__", None))
}
outside = [f"{name} from {file}" for name, file in loaded.items() if not file.startswith(homes)]
own = sum(file.startswith(homes[0]) for file in loaded.values())
print(json.dumps({"status": answer["statusCode"], "outside": outside, "own": own}))
"""


@dataclass(frozen=True)
class Invoked:
    """What one invocation of a deployed zip told about itself."""

    status: int
    """Of its answer."""
    own: int
    """Modules that were loaded from the zip."""
    outside: list[str]
    """Modules that came neither from there nor from the standard library."""


def invoke_alone(machine: Machine, account: RequestLog, function: str, *, image: str) -> Invoked:
    """Invoke a deployed function, by its name, on events/health.json with its zip alone.

    Raises:
        DeploymentError: the zip lacks something; says what.
    """
    client = account.session.client("lambda", endpoint_url=account.url, config=DIRECTLY)
    deployed = client.get_function(FunctionName=function)
    handler = deployed["Configuration"]["Handler"]
    variables = {
        # Lambda's own, beside those of the template.
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": account.access_key,
        "AWS_SECRET_ACCESS_KEY": account.secret_key,
        **deployed["Configuration"].get("Environment", {}).get("Variables", {}),
    }
    answer = httpx.get(_reachable(account, deployed["Code"]["Location"]), trust_env=False)
    with tempfile.TemporaryDirectory(prefix="pypi-pulse-") as folder:
        zipfile.ZipFile(io.BytesIO(answer.raise_for_status().content)).extractall(folder)
        Path(folder).chmod(0o755)
        invoked = machine.run(
            *("docker", "run", "--rm", "--network", "none", "--read-only"),
            *("--volume", f"{folder}:/var/task:ro"),
            *(word for pair in variables.items() for word in ("--env", "=".join(pair))),
            *("--entrypoint", "python3.13", image, "-I", "-S"),
            *("-c", _INVOCATION, handler, EVENT.read_text()),
            timeout_s=INVOCATION_TIMEOUT_S,
        )
    if not invoked.succeeded:
        raise DeploymentError(
            f"{function} can't be invoked with what is in its zip alone:\n{invoked.last_words()}\n"
            "Add what is missing to its requirements.in and run `make lock`."
        )
    return Invoked(**json.loads(invoked.stdout.splitlines()[-1]))


def _reachable(account: RequestLog, location: str) -> str:
    """The URL of a zip, at the address that the emulator is reached by from here."""
    return str(httpx.URL(account.url).copy_with(raw_path=httpx.URL(location).raw_path))
