"""`python -m tools.runtime.local`: the HTTP API on the loopback, in warm containers, until Ctrl-C."""

import argparse
import sys
from pathlib import Path

from .certificate import Certificate, make_certificate
from .machine import Machine, ThisMachine
from .problems import NeedError
from .processes import end_in_order_when_told_to, started
from .sam import BUILT_TEMPLATE, require_built
from .session import Session, local_session


def serve_command(session: Session, port: int, certificate: Certificate | None = None) -> list[str]:
    """The command line that serves the API on a port of the loopback; over TLS with a certificate.

    Containers are kept, as Lambda keeps execution environments, and are started before the first request.
    """
    tls = (
        ("--ssl-cert-file", str(certificate.chain), "--ssl-key-file", str(certificate.key))
        if certificate
        else ()
    )
    return session.command(
        *("start-api", "--host", "127.0.0.1", "--port", str(port)),
        *("--warm-containers", "EAGER", *tls),
    )


def main() -> int:
    """Return SAM's exit status, 0 after Ctrl-C, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tools.runtime.local", description=__doc__)
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--template", type=Path, default=BUILT_TEMPLATE)
    parser.add_argument("--tls", action="store_true", help="with a certificate made for it")
    asked = parser.parse_args()
    machine = ThisMachine()
    end_in_order_when_told_to()
    try:
        require_built(asked.template)
        certificate = _certificate(machine, asked.port) if asked.tls else None
        with (
            local_session(machine, asked.template) as session,
            started(
                serve_command(session, asked.port, certificate), environ=session.environ
            ) as process,
        ):
            return process.wait()
    except NeedError as need:
        machine.say(str(need))
        return 1
    except KeyboardInterrupt:
        return 0


def _certificate(machine: Machine, port: int) -> Certificate:
    certificate = make_certificate()
    machine.say(
        f"A certificate for localhost was made; its authority is in {certificate.authority}. Try: "
        f"curl --cacert {certificate.authority} https://localhost:{port}/health"
    )
    return certificate


if __name__ == "__main__":
    sys.exit(main())
