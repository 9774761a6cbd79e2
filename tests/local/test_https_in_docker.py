"""`make local TLS=1`: the API over HTTPS, with a certificate that is made for it."""

from pathlib import Path

import httpx
import pytest

from tests.local.answers import ServeApi
from tools.runtime.certificate import make_certificate


def test_the_api_is_served_with_a_certificate_that_its_authority_vouches_for(
    serve_api: ServeApi, tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path)

    with serve_api(certificate) as client:
        assert client.base_url.scheme == "https"
        assert client.get("/health").json()["variant"] == "fastapi"
        with (
            httpx.Client(base_url=client.base_url, trust_env=False) as stranger,
            pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
        ):
            stranger.get("/health")


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)

    assert certificate.key.stat().st_mode & 0o077 == 0
