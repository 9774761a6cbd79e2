"""A certificate for this machine's own names, and an authority that vouches for it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trustme

FOLDER: Final = Path(__file__).parents[2] / ".cache" / "tls"
NAMES: Final = ("localhost", "127.0.0.1", "::1")
_OWNER_ONLY: Final = 0o600


@dataclass(frozen=True)
class Certificate:
    """The files that a server needs, and the one that its clients are to trust."""

    chain: Path
    key: Path
    authority: Path


def make_certificate(folder: Path = FOLDER) -> Certificate:
    """Make one for `localhost` and the loopback addresses.

    It is made anew each time, so that it never expires while somebody relies on it. The authority's
    own key is thrown away: it can never vouch for anything else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificate(folder / "chain.pem", folder / "key.pem", folder / "authority.pem")
    authority = trustme.CA(organization_name="PyPI Pulse on this machine")
    issued = authority.issue_cert(*NAMES)
    made.key.touch(_OWNER_ONLY)
    issued.private_key_pem.write_to_path(str(made.key))
    authority.cert_pem.write_to_path(str(made.authority))
    made.chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    return made
