"""`make local TLS=1`: the API over HTTPS, with a certificate that is made for it."""

import httpx
import pytest

from tests.local.answers import Served


def test_certificate_is_trusted_by_its_authority_alone(api: Served) -> None:
    assert api.client.base_url.scheme == "https"
    assert api.client.get("/health").json()["variant"] == "fastapi"
    with (
        httpx.Client(base_url=api.client.base_url, trust_env=False) as stranger,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        stranger.get("/health")


def test_key_is_for_its_owner_alone(api: Served) -> None:
    assert (api.certificate / "server.key").exists()
    assert api.certificate.stat().st_mode & 0o077 == 0
