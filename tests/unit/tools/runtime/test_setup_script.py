"""setup.sh on machines whose programs are fakes: what it runs, and what it says if it can't go on."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.runtime import docker
from tools.runtime.docker import SETUP

TOOLS = (
    *("sh", "cat", "chmod", "cut", "dirname", "grep", "head", "mkdir", "mktemp"),
    *("rm", "sed", "sha256sum", "tail", "timeout", "install", "setsid"),
)
ANSWERS = "echo 20.10.24"
SILENT = "echo 'Cannot connect to the Docker daemon' >&2; exit 1"
MAIN = "http://mirror.example/debian|Debian|Debian|main"
INSTALL = "apt-get install --yes --no-install-recommends"


class FakeMachine:
    """A PATH with fakes beside the tools that every system has; each fake notes how it was called."""

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "bin"
        self.notes = folder / "ran"
        self.programs.mkdir()
        self.notes.touch()
        for tool in TOOLS:
            (self.programs / tool).symlink_to(shutil.which(tool) or tool)
        self.environ = {"PATH": str(self.programs)}
        self.fake("id", "echo 0")
        self.fake("sleep")
        self.script = folder / "it's $HOME" / "tools" / "runtime" / "setup.sh"
        self.script.parent.mkdir(parents=True)
        text = re.sub(r"/var/(log|tmp)/", f"{folder}/", SETUP.read_text())
        self.script.write_text(text)
        (self.script.parent / "requirements.txt").write_text("awslambdaric==1\n")

    def fake(self, program: str, body: str = "") -> None:
        """Let a program do this."""
        path = self.programs / program
        path.unlink(missing_ok=True)
        path.write_text(f'#!/bin/sh\necho "{program} $*" >>"{self.notes}"\n{body}\n')
        path.chmod(0o755)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(self.script), *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @property
    def ran(self) -> list[str]:
        """Calls of the fakes, in order."""
        return self.notes.read_text().splitlines()

    def count(self, call: str) -> int:
        """How many calls start so."""
        return sum(line.startswith(call) for line in self.ran)


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    """Root on a Debian with an engine that is installed and runs once dockerd was started."""
    machine = FakeMachine(tmp_path)
    started = tmp_path / "started"
    machine.fake(
        "docker",
        f'[ "$1" = info ] || exit 1\nif [ -e {started} ]; then {ANSWERS}; else {SILENT}; fi',
    )
    machine.fake("dockerd", f"echo '' >{started}; echo 'no iptables rules for you'")
    machine.fake("iptables")
    machine.fake("apt-get")
    machine.fake("apt-cache")
    return machine


def test_running_engine_is_left_alone(machine: FakeMachine) -> None:
    machine.fake("docker", ANSWERS)
    done = machine.run("engine")
    assert done.returncode == 0, done.stdout
    assert machine.ran == ["docker info --format {{.ServerVersion}}"]
    assert done.stdout == done.stderr == ""


def test_root_starts_installed_engine(machine: FakeMachine) -> None:
    done = machine.run("engine")
    assert done.returncode == 0, done.stdout
    assert machine.count("dockerd") == 1
    assert machine.count("apt-get") == 0
    assert "keeps running" in done.stderr
    assert "kill $(cat /var/run/docker.pid)" in done.stderr


def test_systemd_starts_engine_where_it_runs(machine: FakeMachine, tmp_path: Path) -> None:
    machine.fake("systemctl", f"echo '' >{tmp_path}/started")
    assert machine.run("engine").returncode == 0
    assert machine.count("systemctl start docker") == 1
    assert machine.count("dockerd") == 0


@pytest.mark.parametrize("own_package", [True, False])
def test_bare_debian_gets_docker_by_apt(machine: FakeMachine, *, own_package: bool) -> None:
    for program in ("docker", "dockerd", "iptables"):
        (machine.programs / program).rename(machine.programs / f"installed-{program}")
    folder = machine.programs
    machine.fake(
        "apt-get",
        f'[ "$1" = install ] || exit 0\nfor one in docker dockerd iptables; do cat <{folder}/installed-$one >{folder}/$one; '
        f"chmod 755 {folder}/$one; done",
    )
    if not own_package:
        machine.fake("apt-cache", "exit 100")
    done = machine.run("engine")
    assert done.returncode == 0, done.stdout
    client = "docker-cli" if own_package else "docker.io"
    assert machine.count(f"{INSTALL} docker.io iptables {client}") == 1


def test_engine_that_ends_is_reported_with_its_log(machine: FakeMachine) -> None:
    machine.fake("docker", SILENT)
    done = machine.run("engine")
    assert done.returncode == 1
    assert "no iptables rules for you" in done.stdout
    assert machine.count("sleep") < 10  # of 300


def test_silent_engine_is_given_up_after_a_minute(machine: FakeMachine) -> None:
    machine.fake("docker", SILENT)
    machine.fake("dockerd", "exec timeout 2 tail -f /dev/null")
    machine.script.write_text(machine.script.read_text().replace("tries=300", "tries=3"))
    done = machine.run("engine")
    assert done.returncode == 1
    assert machine.count("sleep") == 3


@pytest.mark.parametrize(
    ("environ", "docker", "says"),
    [
        ({}, SILENT, "run this as root on a Debian-like machine"),
        ({}, "echo 'permission denied' >&2; exit 1", "the group `docker`"),
        ({"DOCKER_HOST": "tcp://192.0.2.1:2375"}, SILENT, "DOCKER_HOST is tcp://192.0.2.1:2375"),
    ],
)
def test_user_is_told_what_to_do(
    machine: FakeMachine, environ: dict[str, str], docker: str, says: str
) -> None:
    machine.fake("id", "echo 1000")
    machine.fake("docker", docker)
    machine.environ |= environ
    done = machine.run("engine")
    assert done.returncode == 1
    assert says in done.stdout
    assert machine.count("apt-get") == machine.count("dockerd") == 0


def test_other_systems_are_told_what_to_install(machine: FakeMachine) -> None:
    for program in ("docker", "dockerd", "apt-get"):
        (machine.programs / program).unlink()
    done = machine.run("engine")
    assert done.returncode == 1
    assert "no docker program on the PATH" not in done.stderr
    assert "Install it the way this system does" in done.stdout


def test_failed_installation_has_words_of_apt(machine: FakeMachine) -> None:
    machine.fake("apt-get", '[ "$1" = update ] || { echo "E: no space left"; exit 100; }')
    done = machine.run("packages", "Java is needed", "default-jdk-headless")
    assert done.returncode == 1
    assert done.stdout == "apt-get failed:\nE: no space left\n"
    assert "Java is needed: installing default-jdk-headless" in done.stderr


@pytest.fixture
def debian(machine: FakeMachine) -> FakeMachine:
    """A machine that has no image, can't pull one, and fails in debootstrap."""
    machine.fake("docker", "echo 'no such host' >&2; exit 1")
    machine.fake("apt-get", f"[ \"$1\" != indextargets ] || echo '{MAIN}'")
    machine.fake("unshare", "echo 'out of disk'; exit 1")
    platform = machine.script.parents[2] / "functions/architectures/x86_64/platform"
    platform.parent.mkdir(parents=True)
    platform.write_text("x86_64-manylinux_2_28\n")
    return machine


def image(machine: FakeMachine) -> subprocess.CompletedProcess[str]:
    return machine.run("image", "x86_64", "/sam/rie", "python", "uv.py")


def recipe(machine: FakeMachine) -> str:
    """The label of a replacement by today's recipe."""
    content = (
        machine.script.read_bytes() + (machine.script.parent / "requirements.txt").read_bytes()
    )
    made = subprocess.run(["sha256sum"], input=content, capture_output=True, check=True)
    return made.stdout[:16].decode()


@pytest.mark.parametrize("official", [True, False])
def test_existing_image_is_kept(debian: FakeMachine, *, official: bool) -> None:
    debian.fake("docker", f"echo '{'' if official else recipe(debian)}'")
    assert image(debian).returncode == 0
    assert len(debian.ran) == 1


def test_pulled_image_is_not_made(debian: FakeMachine) -> None:
    debian.fake("docker", '[ "$1" = pull ]')
    assert image(debian).returncode == 0
    assert debian.count("docker pull") == 1
    assert debian.count("apt-get") == 0


def test_outdated_stand_in_is_replaced(debian: FakeMachine) -> None:
    debian.fake("docker", 'case "$*" in *inspect*) echo 0123456789abcdef ;; esac')
    done = image(debian)
    assert done.returncode == 0, done.stdout
    assert "out of date" in done.stderr
    rapid = "public.ecr.aws/lambda/python:3.13-rapid-x86_64"
    assert debian.ran[-2:] == [
        f"docker image rm --force {rapid}",
        "docker image rm 0123456789abcdef",
    ]


@pytest.mark.parametrize("known", [True, False])
def test_debootstrap_uses_mirror_of_apt(
    debian: FakeMachine, tmp_path: Path, *, known: bool
) -> None:
    """An older debootstrap has no script for the release; it is given sid's."""
    scripts = tmp_path / "scripts"
    text = debian.script.read_text().replace("/usr/share/debootstrap/scripts", str(scripts))
    debian.script.write_text(text)
    if known:
        scripts.mkdir()
        (scripts / "trixie").touch()
    done = image(debian)
    assert done.stdout == "unshare failed:\nout of disk\n"
    (made,) = (line for line in debian.ran if line.startswith("unshare"))
    assert " trixie " in made
    assert made.endswith("http://mirror.example/debian" + ("" if known else f" {scripts}/sid"))


@pytest.mark.parametrize(
    ("indexes", "mirror"),
    [
        (
            ["http://other.example/sec|Debian|Debian-Security|main", MAIN],
            "http://mirror.example/debian",
        ),
        (["https://node.example|Node Source|Node Source|main", "a|b"], None),
        (["http://mirror.example/other|Debian|Debian|contrib"], None),
        (["mirror+file:/nonexistent|Debian|Debian|main"], None),
        (["mirror+file:LIST|Debian|Debian|main"], "https://near.example/debian"),
    ],
)
def test_mirror_is_debians_main_archive(
    debian: FakeMachine, tmp_path: Path, indexes: list[str], mirror: str | None
) -> None:
    listed = tmp_path / "mirrors"
    listed.write_text("# best first\nhttps://near.example/debian\nhttps://far.example/debian\n")
    text = "\n".join(indexes).replace("LIST", str(listed))
    debian.fake("apt-get", f"[ \"$1\" != indextargets ] || echo '{text}'")
    done = image(debian)
    assert done.returncode == 1
    if mirror is None:
        assert "set DEBIAN_MIRROR" in done.stdout
    else:
        assert any(line.startswith("unshare") and mirror in line for line in debian.ran)


def test_making_an_image_needs_root(debian: FakeMachine) -> None:
    debian.fake("id", "echo 1000")
    done = image(debian)
    assert done.returncode == 1
    assert "docker pull public.ecr.aws/lambda/python:3.13-x86_64" in done.stdout
    assert debian.count("apt-get") == 0


def test_nothing_is_left_in_temporary_folders(
    debian: FakeMachine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even by Ctrl-C while debootstrap runs."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    made = tmp_path.glob("pypi-pulse-image-*")
    debian.fake("unshare", f'mkdir -p "$8"; kill -INT {os.getpid()}; exec tail -f /dev/null')
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv("PATH", debian.environ["PATH"])
    monkeypatch.setattr(docker, "SETUP", debian.script)
    with pytest.raises(KeyboardInterrupt):
        docker.set_up("image", "x86_64", "/sam/rie", "python", "uv.py")
    assert debian.count("unshare") == 1
    assert list(temporary.iterdir()) == list(made) == []
