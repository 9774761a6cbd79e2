from pathlib import Path

import pytest

from tools.dynamodb.table import dynamodb_client


def test_no_profile_of_the_users_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    malformed = tmp_path / "config"
    malformed.write_text("[profile\n")
    monkeypatch.setenv("AWS_PROFILE", "gone")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(malformed))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(malformed))

    client = dynamodb_client("http://127.0.0.1:9")

    assert client.meta.endpoint_url == "http://127.0.0.1:9"
