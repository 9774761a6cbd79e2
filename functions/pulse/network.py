"""How the outside is reached from here: proxies and certificates, as environment variables name them.

Each HTTP library reads these variables in a way of its own, and fails on values that others take. So
they are read here, once, for the clients of both variants and of the tools; the libraries read none.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, NamedTuple, Self

from pydantic import HttpUrl, TypeAdapter
from pydantic import ValidationError as PydanticValidationError

CERTIFICATE_FOLDER: Final = "SSL_CERT_DIR"
CERTIFICATES: Final = ("SSL_CERT_FILE", CERTIFICATE_FOLDER, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""OpenSSL's variables, then those of `requests`; the first one that is set counts."""

HTTP_URL: Final = TypeAdapter(HttpUrl)

_CREDENTIALS: Final = re.compile(r"^([a-zA-Z0-9+.-]*://)?.*@", re.DOTALL)


class InvalidSettings(ValueError):
    """Environment variables that can't be used; the message has a line for each."""


class Proxy(NamedTuple):
    """A proxy, and the environment variable that names it."""

    variable: str
    url: str
    """May hold a user and a password; `str()` of the proxy has neither."""

    def __str__(self) -> str:
        shown = _CREDENTIALS.sub(r"\1…@", self.url)
        return f"{self.variable}={shown!r}"


class Certificates(NamedTuple):
    """The only certificate authorities to trust, and the environment variable that names them."""

    variable: str
    path: str

    @property
    def file(self) -> str | None:
        """The path, if it is that of a file with certificates in PEM."""
        return None if self.folder else self.path

    @property
    def folder(self) -> str | None:
        """The path, if it is that of a folder, as `openssl rehash` makes it."""
        return self.path if self.variable == CERTIFICATE_FOLDER else None

    def unusable(self, error: OSError) -> InvalidSettings:
        """The error to raise when they can't be loaded; `ssl.SSLError` is an `OSError` too."""
        reason = error.strerror or str(error)
        return InvalidSettings(f"{self.variable}={self.path!r}: {reason}")


@dataclass(frozen=True)
class Network:
    """What the environment says of the way to the outside. Nothing set: no proxy, the usual authorities."""

    proxies: Mapping[str, Proxy] = field(default_factory=dict)
    """By the scheme of the URLs that they are for: `http`, `https`, `all`."""
    without_proxy: tuple[str, ...] = ()
    """Hosts, domains, addresses and networks that are reached directly, as `NO_PROXY` lists them."""
    certificates: Certificates | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Take what is set. A variable's name in small letters wins over the one in capitals."""
        proxies = {scheme: _proxy(environ, scheme) for scheme in ("http", "https", "all")}
        return cls(
            proxies={scheme: proxy for scheme, proxy in proxies.items() if proxy.url},
            without_proxy=tuple(_proxy(environ, "no").url.replace(",", " ").split()),
            certificates=next(_certificates(environ), None),
        )

    def proxy_for(self, url: str) -> Proxy | None:
        """The proxy through which to reach an HTTP URL; None for none, as always for the loopback.

        Raises:
            InvalidSettings: the proxy is of a kind that can't be used, or its URL is wrong.
        """
        address = HTTP_URL.validate_python(url)
        host = (address.host or "").strip("[]")
        proxy = self.proxies.get(address.scheme) or self.proxies.get("all")
        if proxy is None or is_loopback(host):
            return None
        if any(_matches(entry, host, address.port) for entry in self.without_proxy):
            return None
        named = proxy.url if "://" in proxy.url else f"http://{proxy.url}"
        try:
            return Proxy(proxy.variable, str(HTTP_URL.validate_python(named)))
        except PydanticValidationError as error:
            raise InvalidSettings(
                f"{proxy}: {error.errors()[0]['msg']}. Give an HTTP proxy's URL, or add {host} to NO_PROXY."
            ) from None


def is_loopback(host: str) -> bool:
    """Whether a host, by name or address, is the machine that asks."""
    name = host.lower().rstrip(".")
    address = _address(host)
    return (
        name == "localhost" or name.endswith(".localhost") or bool(address and address.is_loopback)
    )


def _proxy(environ: Mapping[str, str], scheme: str) -> Proxy:
    """What `http_proxy` or `HTTP_PROXY` says; its URL is empty where neither is set."""
    small = f"{scheme}_proxy"
    name = small if small in environ else small.upper()
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
    """Whether an entry of `NO_PROXY` covers a host: `*`, a network, or a domain; perhaps with a port."""
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
