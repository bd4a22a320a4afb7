"""The address of a proxy, and the headers that it alone is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from probes.net.basic_auth import basic_credentials
from probes.net.proxy_settings import DEFAULT_PORT, credentials
from probes.settings import join_host_port


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy that speaks plain HTTP."""

    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)
    """What ``Proxy-Authorization`` says (RFC 7617)."""

    @classmethod
    def of(cls, url: str | None) -> Self | None:
        """The proxy of a setting ``proxy_url``."""
        if url is None:
            return None
        split, known = urlsplit(url), credentials(url)
        return cls(
            host=split.hostname or "",
            port=split.port or DEFAULT_PORT,
            authorization=f"Basic {basic_credentials(*known)}" if known else None,
        )

    @property
    def where(self) -> str:
        """Its place, for people."""
        return join_host_port(self.host, self.port)

    def headers(self) -> dict[str, str]:
        """The headers that it alone is sent."""
        return {"Proxy-Authorization": self.authorization} if self.authorization else {}
