"""Proxies and certificates, from the usual environment variables.

HTTP libraries read these variables differently, and some fail on values that others accept. So they are
read here, once, for the clients of both variants and of the tools; the libraries don't read them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, NamedTuple, Self

from pydantic import HttpUrl, TypeAdapter, ValidationError

CERTIFICATE_FOLDER: Final = "SSL_CERT_DIR"
CERTIFICATES: Final = ("SSL_CERT_FILE", CERTIFICATE_FOLDER, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""The variables of OpenSSL, then those of `requests`; the first one set is used."""

HTTP_URL: Final = TypeAdapter(HttpUrl)

_CREDENTIALS: Final = re.compile(r"^([a-zA-Z0-9+.-]*://)?.*@", re.DOTALL)


class InvalidSettings(ValueError):
    """Environment variables are invalid; the message has a line for each."""


class Proxy(NamedTuple):
    """A proxy and the environment variable that sets it."""

    variable: str
    url: str
    """May contain credentials; `str()` of the proxy hides them."""

    def __str__(self) -> str:
        shown = _CREDENTIALS.sub(r"\1…@", self.url)
        return f"{self.variable}={shown!r}"


class Certificates(NamedTuple):
    """The only certificate authorities to trust, and the environment variable that sets them."""

    variable: str
    path: str

    @property
    def file(self) -> str | None:
        """The path, if it is a PEM file."""
        return None if self.folder else self.path

    @property
    def folder(self) -> str | None:
        """The path, if it is a folder prepared with `openssl rehash`."""
        return self.path if self.variable == CERTIFICATE_FOLDER else None

    def unusable(self, error: OSError) -> InvalidSettings:
        """The error to raise if they can't be loaded; `ssl.SSLError` is an `OSError` too."""
        reason = error.strerror or str(error)
        return InvalidSettings(f"{self.variable}={self.path!r}: {reason}")


@dataclass(frozen=True)
class Network:
    """Proxies and trusted certificates. Default: no proxy, the usual certificate authorities."""

    proxies: Mapping[str, Proxy] = field(default_factory=dict)
    """Keyed by the scheme of the target URL: `http`, `https` or `all`."""
    without_proxy: tuple[str, ...] = ()
    """The entries of `NO_PROXY`: hosts, domains, addresses and networks to reach directly."""
    certificates: Certificates | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the variables; a lower-case name takes precedence over its upper-case form."""
        proxies = {scheme: _proxy(environ, scheme) for scheme in ("http", "https", "all")}
        return cls(
            proxies={scheme: proxy for scheme, proxy in proxies.items() if proxy.url},
            without_proxy=tuple(_proxy(environ, "no").url.replace(",", " ").split()),
            certificates=next(_certificates(environ), None),
        )

    def proxy_for(self, url: str) -> Proxy | None:
        """The proxy for an HTTP URL, or None. Loopback hosts never have one.

        Raises:
            InvalidSettings: the proxy's kind is not supported, or its URL is invalid.
        """
        address = HTTP_URL.validate_python(url)
        host = (address.host or "").strip("[]")
        proxy = self.proxies.get(address.scheme) or self.proxies.get("all")
        if proxy is None or is_loopback(host):
            return None
        if any(_matches(entry, host, address.port) for entry in self.without_proxy):
            return None
        proxy_url = proxy.url if "://" in proxy.url else f"http://{proxy.url}"
        try:
            return Proxy(proxy.variable, str(HTTP_URL.validate_python(proxy_url)))
        except ValidationError as error:
            raise InvalidSettings(
                f"{proxy}: {error.errors()[0]['msg']}. Give an HTTP proxy's URL, or add {host} to NO_PROXY."
            ) from None


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    name = host.lower().rstrip(".")
    address = _address(host)
    return (
        name == "localhost" or name.endswith(".localhost") or bool(address and address.is_loopback)
    )


def _proxy(environ: Mapping[str, str], scheme: str) -> Proxy:
    """The value of `http_proxy` or `HTTP_PROXY`; the URL is empty if neither is set."""
    lower = f"{scheme}_proxy"
    name = lower if lower in environ else lower.upper()
    return Proxy(name, environ.get(name, "").strip())


def _certificates(environ: Mapping[str, str]) -> Iterator[Certificates]:
    return (Certificates(name, environ[name]) for name in CERTIFICATES if environ.get(name))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _matches(entry: str, host: str, port: int | None) -> bool:
    """Whether an entry of `NO_PROXY` covers a host: `*`, a network or a domain, optionally with a port."""
    if entry == "*":
        return True
    try:
        network = ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        before, colon, digits = entry.rpartition(":")
        if colon and digits.isdecimal():
            return int(digits) == port and _matches(before, host, port)
        domain, name = entry.lower().lstrip("*").strip("."), host.lower().rstrip(".")
        return domain != "" and (name == domain or name.endswith(f".{domain}"))
    address = _address(host)
    return address is not None and address in network
