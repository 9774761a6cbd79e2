"""The artifacts: built for the measurement, in a folder of its own, and how large they are."""

import io
import os
import signal
import subprocess
import zipfile
from pathlib import Path
from typing import Final

from tools.compare.plan import Plan
from tools.compare.samples import Record
from tools.runtime.machine import Machine, NeedError
from tools.runtime.sam import sam_command, sam_environment

from .functions import FUNCTIONS, read_template
from .situation import Situation

PROJECT: Final = Path(__file__).parents[3]
BUILD_TIMEOUT_S: Final = 600


def build(machine: Machine, folder: Path) -> Path:
    """Run `sam build` into a folder of `folder`, and return that.

    Raises:
        NeedError: it failed, or there would be no bytecode; with SAM's last words.
    """
    built = folder / "build"
    arguments = ("build", "--template-file", str(PROJECT / "template.yaml"))
    command = sam_command(machine, *arguments, "--build-dir", str(built))
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        # SAM's copies of the sources are to go with the folder, even if it is killed.
        env={**sam_environment(machine, *arguments), "TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # In a group of its own, so that what SAM starts ends with it: nobody else would wait for that.
        start_new_session=True,
    ) as process:
        try:
            words, _ = process.communicate(timeout=BUILD_TIMEOUT_S)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode or "ships no bytecode" in words:
        raise NeedError("sam build failed:\n" + "\n".join(words.strip().splitlines()[-5:]))
    return built


def measure_artifacts(plan: Plan, built: Path, record: Record) -> None:
    """Record `unzipped_bytes` and `zipped_bytes` of each variant's artifact."""
    resources = read_template(built / "template.yaml")["Resources"]
    for variant in plan.variants:
        # The twin's two ways of fanning out are one artifact.
        function = FUNCTIONS["flask" if variant == "flask-threads" else variant]
        artifact = built / resources[function]["Properties"]["CodeUri"]
        metrics = {
            "unzipped_bytes": unzipped_bytes(artifact),
            "zipped_bytes": zipped_bytes(artifact),
        }
        for sample in Situation("artifact", variant, round=1).samples(metrics):
            record(sample)


def unzipped_bytes(artifact: Path) -> int:
    """The sum of the files' sizes, which is what Lambda's limit counts."""
    return sum(file.stat().st_size for file in artifact.rglob("*") if file.is_file())


def zipped_bytes(artifact: Path) -> int:
    """The size of the archive that `sam deploy` would upload, deflated as SAM does it."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(artifact.rglob("*")):
            packed.write(file, file.relative_to(artifact))
    return archive.tell()
