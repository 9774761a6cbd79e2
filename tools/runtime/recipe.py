"""What the stand-in Lambda image is made of, and the key that tells one recipe from another."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
BOOTSTRAP = HERE / "bootstrap"
REQUIREMENTS = HERE / "requirements.txt"

PYTHON = "3.13"
# The Debian release whose Python has Lambda's minor version.
SUITE = "trixie"
DEBIAN_PACKAGES = ("python3", "ca-certificates")
LABEL = "pypi-pulse.stand-in-image"
# Raise it when `rootfs` makes something else of the same ingredients.
MAKING = 1

# Left out of the image: nothing reads them in a container.
LEFT_OUT = (
    "./usr/share/doc",
    "./usr/share/locale",
    "./usr/share/man",
    "./var/cache/apt",
    "./var/lib/apt/lists",
    "./var/log",
)
# As the official image has it, its entry point apart: SAM starts the emulator itself.
CONFIGURATION = (
    "ENV LANG=C.UTF-8",
    "ENV TZ=:UTC",
    "ENV PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
    "ENV LAMBDA_TASK_ROOT=/var/task",
    "ENV LAMBDA_RUNTIME_DIR=/var/runtime",
    "WORKDIR /var/task",
)


@dataclass(frozen=True)
class Target:
    """The names that four tools have for one processor architecture."""

    architecture: str
    debian: str
    wheels: str
    platform: str

    @property
    def image(self) -> str:
        """The image that `sam local` looks for; the official one has the same name."""
        return f"public.ecr.aws/lambda/python:{PYTHON}-{self.architecture}"

    @property
    def emulator_image(self) -> str:
        """The image that SAM makes from it by adding its runtime interface emulator."""
        return f"public.ecr.aws/lambda/python:{PYTHON}-rapid-{self.architecture}"


TARGETS = {
    "x86_64": Target("x86_64", "amd64", "x86_64-manylinux_2_28", "linux/amd64"),
    "arm64": Target("arm64", "arm64", "aarch64-manylinux_2_28", "linux/arm64"),
}


def recipe_key() -> str:
    """Sixteen hex digits that change when what the image is made of changes."""
    digest = hashlib.sha256(BOOTSTRAP.read_bytes() + REQUIREMENTS.read_bytes())
    digest.update(repr((MAKING, SUITE, DEBIAN_PACKAGES, LEFT_OUT, CONFIGURATION)).encode())
    return digest.hexdigest()[:16]
