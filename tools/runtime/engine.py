"""A Docker engine: found, or set up and started where this machine allows it."""

from . import debian
from .machine import Machine, Outcome
from .problems import EngineError

ENGINE_LOG = "/var/log/pypi-pulse-dockerd.log"
ENGINE_START_S = 60.0
ENGINE_POLL_S = 0.2
# A hung engine must not hang everything that asks for one.
ENGINE_ANSWER_S = 20.0


def engine_answers(machine: Machine) -> Outcome:
    """Ask the engine, not only its client, who it is."""
    if machine.find("docker") is None:
        return Outcome(127, stderr="there is no docker program on the PATH")
    return machine.run(
        "docker", "info", "--format", "{{.ServerVersion}}", timeout_s=ENGINE_ANSWER_S
    )


def ensure_engine(machine: Machine) -> None:
    """Return when a Docker engine answers, having set one up if need be.

    Raises:
        EngineError: there is none and it can't be set up here; says what to do.
    """
    answer = engine_answers(machine)
    if answer.succeeded:
        return
    _refuse_where_nothing_can_be_done(machine, answer)
    _install_what_is_missing(machine)
    if not engine_answers(machine).succeeded:  # installing it may have started it
        _start(machine)


def _refuse_where_nothing_can_be_done(machine: Machine, answer: Outcome) -> None:
    why = f"No Docker engine answers ({answer.last_words(1) or 'no reason given'})."
    if host := machine.environ.get("DOCKER_HOST"):
        raise EngineError(
            f"{why} DOCKER_HOST is {host}: start the engine there, or unset DOCKER_HOST."
        )
    if "permission denied" in answer.stderr.lower():
        raise EngineError(
            f"{why} It seems to run, but user {machine.user_id} may not use it: add the user to "
            "the group `docker` and log in again, or run this as root."
        )
    if machine.user_id != 0:
        raise EngineError(
            f"{why} Start Docker, or run this as root on a Debian-like machine, where it "
            f"installs and starts one by itself (this is user {machine.user_id})."
        )
    if machine.find("dockerd") is None and not debian.is_debian_like(machine):
        raise EngineError(
            f"{why} There is neither `dockerd` nor `apt-get` to install one with: install Docker "
            "the way this system does, start it, and run this again."
        )


def _install_what_is_missing(machine: Machine) -> None:
    # dockerd writes its network rules with iptables, which is only recommended by its package.
    packages = {"dockerd": "docker.io", "iptables": "iptables"}
    missing = [package for program, package in packages.items() if machine.find(program) is None]
    client_missing = machine.find("docker") is None
    if not missing and not client_missing:
        return
    if not debian.is_debian_like(machine):
        raise EngineError(
            f"Docker needs {' and '.join(missing or ['its client'])}, and there is no apt-get to "
            "install it with: install it the way this system does."
        )
    machine.say(
        f"No Docker engine here: installing {', '.join(missing or ['docker-cli'])} with apt-get"
    )
    refreshed = debian.refresh_lists(machine)
    if client_missing and debian.knows_package(machine, "docker-cli"):
        missing.append("docker-cli")  # its own package from trixie on
    installed = debian.install(machine, missing)
    if not installed.succeeded:
        words = installed.last_words() or refreshed.last_words()
        raise EngineError(f"apt-get could not install {', '.join(missing)}:\n{words}")


def _start(machine: Machine) -> None:
    by_systemd = machine.has("/run/systemd/system")
    if by_systemd:
        machine.say("Starting the Docker engine")
        machine.run("systemctl", "start", "docker", timeout_s=ENGINE_START_S)
        still_runs, stop = _systemd_minds_it, "systemctl stop docker"
    else:
        machine.say(f"Starting dockerd, which is left running; its log is {ENGINE_LOG}")
        still_runs = machine.start_detached("dockerd", log=ENGINE_LOG)
        stop = "kill $(cat /var/run/docker.pid)"
    for _ in range(int(ENGINE_START_S / ENGINE_POLL_S)):
        # Asked first: another dockerd, started by its package just now, lets this one give up.
        runs = still_runs()
        if engine_answers(machine).succeeded:
            machine.say(f"The Docker engine is ready; stop it with: {stop}")
            return
        if not runs:
            break
        machine.pause(ENGINE_POLL_S)
    if by_systemd:
        raise EngineError("The Docker engine does not start; see `journalctl --unit docker`.")
    words = Outcome(1, stderr=machine.read(ENGINE_LOG)).last_words()
    raise EngineError(f"dockerd does not start; {ENGINE_LOG} ends with:\n{words}")


def _systemd_minds_it() -> bool:
    return True
