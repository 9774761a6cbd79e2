"""The emulated account leads AWS's tools to the emulator and nowhere else."""

import os

from tools.emulator.account import Account

ACCOUNT = Account("http://127.0.0.1:4566")


def test_environment_has_no_other_account_profile_or_endpoint() -> None:
    environ = ACCOUNT.environ(
        {
            "AWS_PROFILE": "production",
            "AWS_SESSION_TOKEN": "token",
            "AWS_ENDPOINT_URL_S3": "http://192.0.2.7",
            "AWS_ACCESS_KEY_ID": "real",
            "PATH": "/usr/bin",
        }
    )

    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"} & environ.keys()
    assert environ["AWS_ACCESS_KEY_ID"] == ACCOUNT.access_key
    assert environ["AWS_ENDPOINT_URL"] == ACCOUNT.url
    assert environ["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert environ["PATH"] == "/usr/bin"


def test_no_proxy_is_asked_for_loopback() -> None:
    environ = ACCOUNT.environ({"HTTP_PROXY": "http://192.0.2.8", "NO_PROXY": "internal"})

    assert environ["NO_PROXY"] == "internal,127.0.0.1,localhost,::1"


def test_deployed_api_has_a_url_without_name_lookup() -> None:
    assert (
        ACCOUNT.api_url("http://0a1b2c3d.execute-api.localhost:4566")
        == "http://127.0.0.1:4566/_aws/execute-api/0a1b2c3d/$default"
    )
