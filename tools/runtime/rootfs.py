"""Makes the stand-in Lambda image from Debian packages and wheels, with no image registry."""

import shutil
import tempfile
from pathlib import Path

from . import debian, recipe
from .machine import Machine, Outcome
from .problems import ImageError
from .tools import UV

DEBOOTSTRAP_TIMEOUT_S = 900
INSTALL_TIMEOUT_S = 300
IMPORT_TIMEOUT_S = 300
SCRIPTS = "/usr/share/debootstrap/scripts"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# debootstrap signs off with gpgv; a host's older keyring may not know the newer release yet.
HOST_PACKAGES = ("debootstrap", "debian-archive-keyring", "gpgv")


def make_image(machine: Machine, target: recipe.Target) -> None:
    """Make `target.image` and label it as the stand-in that it is.

    Raises:
        ImageError: it can't be made here; says what to do.
    """
    mirror = _prepare_host(machine)
    # /tmp is often mounted without devices, which debootstrap refuses.
    with tempfile.TemporaryDirectory(prefix="pypi-pulse-image-", dir="/var/tmp") as folder:
        root = Path(folder) / "root"
        machine.say(f"Installing Debian {recipe.SUITE} with Python {recipe.PYTHON} into a new root")
        _check(
            machine.run(
                *_debootstrap(machine, target, root, mirror), timeout_s=DEBOOTSTRAP_TIMEOUT_S
            ),
            "debootstrap",
        )
        machine.say("Adding AWS's runtime client and boto3")
        _add_runtime(machine, target, root)
        machine.say("Importing it into Docker")
        _import(machine, target, root, Path(folder) / "image.tar")


def _prepare_host(machine: Machine) -> str:
    """Install what the making needs and say where Debian's packages come from."""
    if machine.user_id != 0 or not debian.is_debian_like(machine):
        raise ImageError(
            "Making the stand-in image needs root on a Debian-like machine (it runs debootstrap). "
            f"Elsewhere, get the official image: docker pull {recipe.TARGETS[machine.architecture].image}"
        )
    refreshed = debian.refresh_lists(machine)
    installed = debian.install(machine, HOST_PACKAGES)
    if machine.find("debootstrap") is None:
        raise ImageError(
            "apt-get could not install debootstrap:\n"
            + (installed.last_words() or refreshed.last_words())
        )
    mirror = machine.environ.get("DEBIAN_MIRROR") or debian.debian_mirror(machine)
    if mirror is None:
        raise ImageError(
            "apt's sources name no Debian archive to take packages from: set DEBIAN_MIRROR to the "
            "base URL of one."
        )
    return mirror


def _debootstrap(
    machine: Machine, target: recipe.Target, root: Path, mirror: str
) -> tuple[str, ...]:
    # An older debootstrap lacks the script of a newer release; sid's serves every recent one.
    script = () if machine.has(f"{SCRIPTS}/{recipe.SUITE}") else (f"{SCRIPTS}/sid",)
    return (
        # In its own mount namespace, debootstrap can't leave /proc mounted below a folder that
        # is about to be removed.
        *("unshare", "--mount", "debootstrap", "--variant=minbase", f"--arch={target.debian}"),
        *(f"--include={','.join(recipe.DEBIAN_PACKAGES)}", f"--keyring={KEYRING}"),
        *(recipe.SUITE, str(root), mirror, *script),
    )


def _add_runtime(machine: Machine, target: recipe.Target, root: Path) -> None:
    runtime = root / "var/runtime"
    for folder in (runtime, root / "var/task", root / "opt/python"):
        folder.mkdir(parents=True, exist_ok=True)
    installed = machine.run(
        *(*UV, "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:"),
        *("--python-platform", target.wheels, "--python-version", recipe.PYTHON),
        *("--target", str(runtime), "--requirements", str(recipe.REQUIREMENTS)),
        timeout_s=INSTALL_TIMEOUT_S,
    )
    _check(installed, "uv pip install")
    shutil.copy(recipe.BOOTSTRAP, runtime / "bootstrap")
    (runtime / "bootstrap").chmod(0o755)
    # Lambda's own runtime is compiled too: without this, each cold start would compile it.
    compiled = machine.run(
        *("chroot", str(root), "python3.13", "-m", "compileall", "-q", "-j0"),
        *("--invalidation-mode", "unchecked-hash", "/var/runtime"),
        timeout_s=INSTALL_TIMEOUT_S,
    )
    _check(compiled, "compileall")


def _import(machine: Machine, target: recipe.Target, root: Path, archive: Path) -> None:
    packed = machine.run(
        *("tar", "--create", "--file", str(archive), "--directory", str(root)),
        *("--numeric-owner", "--sort=name", "--mtime=@0"),
        *(f"--exclude={path}/*" for path in recipe.LEFT_OUT),
        ".",
    )
    _check(packed, "tar")
    labels = (f"LABEL {recipe.LABEL}={recipe.recipe_key()}",)
    changes = (f"--change={line}" for line in (*recipe.CONFIGURATION, *labels))
    imported = machine.run(
        *("docker", "import", "--platform", target.platform, *changes, str(archive), target.image),
        timeout_s=IMPORT_TIMEOUT_S,
    )
    _check(imported, "docker import")


def _check(outcome: Outcome, step: str) -> None:
    if not outcome.succeeded:
        raise ImageError(
            f"The stand-in image could not be made: {step} failed:\n{outcome.last_words(10)}"
        )
