"""Proxies and certificates from environment variables, by URL."""

import pytest

from pulse.network import InvalidSettings, Network, is_loopback

PROXIES = {
    "HTTP_PROXY": "http://a:1",
    "HTTPS_PROXY": "http://b:2",
    "ALL_PROXY": "http://c:3",
}


def proxy_for(url: str, **environ: str) -> str | None:
    """The URL of the proxy."""
    proxy = Network.from_environ(environ).proxy_for(url)
    return proxy.url if proxy else None


@pytest.mark.parametrize(
    "url",
    [
        *("http://localhost", "https://LOCALHOST.:8000", "http://pulse.localhost/x"),
        *("http://127.0.0.1:1", "https://127.9.9.9", "http://127.1", "http://2130706433"),
        *("http://[::1]:1", "http://[::ffff:127.0.0.1]"),
    ],
)
def test_loopback_bypasses_proxy(url: str) -> None:
    small = {name.lower(): proxy for name, proxy in PROXIES.items()}
    assert proxy_for(url, **PROXIES, **small) is None


def test_proxy_depends_on_scheme() -> None:
    assert proxy_for("http://pypistats.org", **PROXIES) == "http://a:1/"
    assert proxy_for("https://pypistats.org", **PROXIES) == "http://b:2/"
    assert proxy_for("https://pypistats.org", ALL_PROXY="c:3") == "http://c:3/"
    assert proxy_for("https://pypistats.org", HTTP_PROXY="http://a:1") is None
    assert proxy_for("https://pypistats.org") is None


def test_lower_case_variables_win() -> None:
    """An empty one switches the proxy off."""
    url = "https://pypistats.org"
    assert proxy_for(url, HTTPS_PROXY="http://b:2", https_proxy="http://d:4") == "http://d:4/"
    assert proxy_for(url, HTTPS_PROXY="http://b:2", https_proxy="") is None
    assert proxy_for(url, ALL_PROXY="http://c:3", NO_PROXY="pypistats.org", no_proxy="") is not None


@pytest.mark.parametrize(
    ("entries", "url", "is_direct"),
    [
        ("*", "https://pypistats.org", True),
        ("pypistats.org", "https://pypistats.org", True),
        ("PyPIstats.org.", "https://pypistats.org", True),
        ("org", "https://pypistats.org", True),
        (".pypistats.org", "https://www.pypistats.org", True),
        ("*.pypistats.org", "https://www.pypistats.org", True),
        ("stats.org", "https://pypistats.org", False),
        ("pypistats.org:443", "https://pypistats.org", True),
        ("pypistats.org:8080", "https://pypistats.org", False),
        ("a.example, pypistats.org", "https://pypistats.org", True),
        ("a.example pypistats.org", "https://pypistats.org", True),
        ("10.0.0.0/8", "http://10.1.2.3", True),
        ("10.1.2.3", "http://10.1.2.3:8080", True),
        ("10.1.2.3:80", "http://10.1.2.3:8080", False),
        ("10.0.0.0/8", "http://pypistats.org", False),
        ("fe80::/10", "http://[fe80::1]", True),
        ("localhost,fe80::/10", "https://pypistats.org", False),
        ("[::1]", "https://pypistats.org", False),
        ("[2001:db8::1]:443", "https://[2001:db8::1]", True),
        (",,. ,[,:,/,://,::::,[::1]:x", "https://pypistats.org", False),
    ],
)
def test_no_proxy_bypasses_proxy(entries: str, url: str, is_direct: bool) -> None:
    assert (proxy_for(url, ALL_PROXY="http://c:3", NO_PROXY=entries) is None) == is_direct


@pytest.mark.parametrize(
    ("value", "shown", "reason"),
    [
        ("socks5://h:1080", "socks5://h:1080", "URL scheme should be 'http' or 'https'"),
        ("socks://u:secret@h:1080", "socks://…@h:1080", "URL scheme should be 'http' or 'https'"),
        ("http://h:99999", "http://h:99999", "Input should be a valid URL, invalid port number"),
        ("h:port", "h:port", "Input should be a valid URL, invalid port number"),
        ("u:sec/ret@h:1", "…@h:1", "Input should be a valid URL, invalid port number"),
        ("http://", "http://", "Input should be a valid URL, empty host"),
    ],
)
def test_unusable_proxy_is_named_without_password(value: str, shown: str, reason: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        proxy_for("https://pypistats.org", ALL_PROXY=value)
    assert str(caught.value) == (
        f"ALL_PROXY='{shown}': {reason}. Give an HTTP proxy's URL, or add pypistats.org to NO_PROXY."
    )


def test_unused_bad_proxy_is_no_error() -> None:
    environ = {"ALL_PROXY": "socks5://h:1080", "HTTPS_PROXY": "http://b:2"}
    assert proxy_for("https://pypistats.org", **environ) == "http://b:2/"
    assert proxy_for("http://127.0.0.1:8000", **environ) is None


def test_first_certificate_variable_counts() -> None:
    environ = {"CURL_CA_BUNDLE": "c", "REQUESTS_CA_BUNDLE": "r"}
    assert Network.from_environ({}).certificates is None
    assert Network.from_environ(environ).certificates == ("REQUESTS_CA_BUNDLE", "r")
    environ["SSL_CERT_DIR"] = "d"
    assert Network.from_environ(environ).certificates == ("SSL_CERT_DIR", "d")
    environ["SSL_CERT_FILE"] = "f"
    assert Network.from_environ(environ).certificates == ("SSL_CERT_FILE", "f")


@pytest.mark.parametrize(
    "host", ["", "pypistats.org", "localhost.example", "10.0.0.1", "::2", "a b"]
)
def test_other_hosts_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)
