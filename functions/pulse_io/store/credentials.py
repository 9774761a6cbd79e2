"""AWS credentials, looked up at the first request that needs them."""

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
    """Credentials from environment variables, a profile or the container endpoint, in this order.

    With SnapStart, the module is imported before the snapshot, when the credentials are not there yet.
    """

    def __init__(self) -> None:
        self._chain: ChainCredentials | None = None

    async def get_key(self, http: HttpImplementation) -> Key | None:
        """The key to sign requests with, or None."""
        if self._chain is None:
            self._chain = ChainCredentials(
                [EnvironmentCredentials(), FileCredentials(), ContainerMetadataCredentials()]
            )
        return await self._chain.get_key(http)

    def invalidate(self) -> bool:
        """Forget the credentials, so that they are looked up again."""
        self._chain = None
        return True

    def is_disabled(self) -> bool:
        """Always False: whether there are credentials is known only at the first request."""
        return False
