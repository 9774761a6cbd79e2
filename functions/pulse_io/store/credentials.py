"""Where AWS's credentials are found, looked for at the first request that needs them."""

from aiodynamo.credentials import (
    ChainCredentials,
    ContainerMetadataCredentials,
    Credentials,
    EnvironmentCredentials,
    FileCredentials,
    Key,
)
from aiodynamo.http.types import HttpImplementation


class CredentialsAtFirstUse(Credentials):
    """The environment's, a profile's, or those of Lambda's own endpoint, whichever there are.

    With SnapStart an environment is restored from a snapshot that was made before its credentials
    were there, so that what is found at import is found too early.
    """

    def __init__(self) -> None:
        self._chain: ChainCredentials | None = None

    async def get_key(self, http: HttpImplementation) -> Key | None:
        """The key to sign with, None if there is none."""
        if self._chain is None:
            self._chain = ChainCredentials(
                [EnvironmentCredentials(), FileCredentials(), ContainerMetadataCredentials()]
            )
        return await self._chain.get_key(http)

    def invalidate(self) -> bool:
        """Forget them, so that they are looked for anew."""
        self._chain = None
        return True

    def is_disabled(self) -> bool:
        """Never: what there is shows later."""
        return False
