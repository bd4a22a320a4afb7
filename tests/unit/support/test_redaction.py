"""Secrets are found wherever a configuration holds them, and blanked wherever words go out."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.configuration.loader import load
from monitor.model.estate import DiscoverySource, Estate
from monitor.model.receiver import Receiver
from monitor.support.redaction import FEW, MASK, Masker, secrets_of
from probes.observation import Observation
from tests.support.blackbox_site import load_modules
from tests.support.daemon.running import estate, http_check, service, write_config
from tests.support.factories import make_failure


def found(folder: Path, **check: object) -> frozenset[str]:
    url = str(check.pop("url", "http://127.0.0.1/"))
    config = estate(service("expo", http_check("api", url, **check)))
    return secrets_of(load(write_config(folder, config), {"TOKEN": "av-miljön"}).estate)


def test_headers_but_the_harmless_ones(tmp_path: Path) -> None:
    """The whole value, and the credentials after the scheme."""
    headers = {"Authorization": "Bearer ${TOKEN}", "X-Key": "nyckel", "Accept": "text/plain"}
    secrets = found(tmp_path, headers=headers)
    assert {"Bearer av-miljön", "av-miljön", "nyckel"} <= secrets
    assert "text/plain" not in secrets


def test_the_password_of_the_store_as_written_and_as_meant(tmp_path: Path) -> None:
    """A driver says it in either form."""
    config = estate(service("expo", http_check("api", "http://127.0.0.1/")))
    config["store"] = "postgresql://driftvakt:${TOKEN}@db.example.se/driftvakt"
    loaded = load(write_config(tmp_path, config), {"TOKEN": "hem%2Fligt"}).estate
    assert {"hem%2Fligt", "hem/ligt"} <= secrets_of(loaded)
    assert "hem" not in repr(loaded)


def test_query_values_as_written_and_as_meant(tmp_path: Path) -> None:
    """``a%20b`` may be said back in either form."""
    secrets = found(tmp_path, url="http://127.0.0.1/?key=hem%20ligt&other=annat")
    assert {"hem ligt", "hem%20ligt", "annat"} <= secrets


def test_basic_auth_as_kept_and_as_sent(tmp_path: Path) -> None:
    """The password in its file, and what the header makes of it."""
    (tmp_path / "p").write_text("lösen\n", "utf-8")
    secrets = found(tmp_path, basic_auth={"username": "u", "password_file": str(tmp_path / "p")})
    assert {"lösen", b64encode("u:lösen".encode()).decode()} <= secrets


def test_a_token_file(tmp_path: Path) -> None:
    """Its content without the line's end; one that is missing is no fault of this."""
    (tmp_path / "t").write_text("token-ett\n")
    assert "token-ett" in found(tmp_path, bearer_token_file=str(tmp_path / "t"))
    (tmp_path / "t").unlink()
    assert "token-ett" not in found(tmp_path, bearer_token_file="t")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nothing", "nothing"),
        ("a hemlighet b hemlighet", f"a {MASK} b {MASK}"),
        ("hemlighet-lång", MASK),
        ("cut hemli…", f"cut {MASK}…"),
        ("cut hem…", "cut hem…"),
        ("abc is too short a secret", "abc is too short a secret"),
    ],
)
def test_texts_are_blanked(text: str, shown: str) -> None:
    """The longest secret first; also the beginning of one where a text was cut."""
    assert Masker(["hemlighet", "hemlighet-lång", "abc", ""]).text(text) == shown


def test_an_observation_carries_no_secret_further() -> None:
    """Neither in its own detail nor in that of a part; a good one is the same object."""
    masker = Masker(["hemlighet"])
    part = make_failure(detail="said hemlighet")
    whole: Observation = replace(make_failure(detail="192.0.2.1: said hemlighet"), parts=(part,))
    masked = masker.observation(whole)
    assert masked.detail == f"192.0.2.1: said {MASK}"
    assert [part.detail for part in masked.parts] == [f"said {MASK}"]
    plain = make_failure(detail="")
    assert masker.observation(plain) is plain


def test_a_proxy_s_password(tmp_path: Path) -> None:
    """As written, as meant, and as sent."""
    secrets = found(tmp_path, proxy_url="http://u:hem%20ligt@127.0.0.1:3128")
    assert {"hem%20ligt", "hem ligt", b64encode(b"u:hem ligt").decode()} <= secrets
    assert found(tmp_path, proxy_url="http://127.0.0.1:3128") <= {""}


def test_what_a_token_service_is_told(tmp_path: Path) -> None:
    """The client's secret in its forms, and an assertion as it stands in its file."""
    asked = {"token_url": "https://idp.example.se/", "client_id": "e x"}
    secrets = found(tmp_path, oauth2={**asked, "client_secret": "hem ligt/å"})
    form = "hem+ligt%2F%C3%A5"
    assert {"hem ligt/å", form, b64encode(f"e+x:{form}".encode()).decode()} <= secrets
    (tmp_path / "a").write_text("PHNhbWwy\nOkFzc2Vy\n")
    saml = {"grant": "saml2-bearer", "assertion_file": str(tmp_path / "a")}
    assert "PHNhbWwyOkFzc2Vy" in found(tmp_path, oauth2={**asked, **saml})


def test_a_token_on_several_lines(tmp_path: Path) -> None:
    """It is sent on one."""
    (tmp_path / "t").write_text("PHNhbWwy\nOkFzc2Vy\n")
    assert "PHNhbWwyOkFzc2Vy" in found(tmp_path, bearer_token_file=str(tmp_path / "t"))


def test_addresses_and_secrets_of_receivers(tmp_path: Path) -> None:
    """An address of Apprise is one in all its parts; a webhook's headers, query and signing key."""
    (tmp_path / "key").write_text("signatur\n", "utf-8")
    (tmp_path / "url").write_text("slack://vakt@TokenA/TokenB/\n", "utf-8")
    receivers = (
        Receiver(
            name="hook",
            kind="webhook",
            url="https://u:l%C3%B6sen@hook.example.se/?token=biljett",
            headers={"Authorization": "Bearer kreditiv", "Accept": "text/plain"},
            secret_file=tmp_path / "key",
        ),
        Receiver(name="chat", kind="apprise", url_file=tmp_path / "url"),
    )
    secrets = secrets_of(Estate(environments=(), notifications=receivers))
    assert {"lösen", "l%C3%B6sen", "biljett", "kreditiv", "signatur"} <= secrets
    assert {"slack://vakt@TokenA/TokenB/", "TokenB"} <= secrets
    assert "text/plain" not in secrets


@pytest.mark.parametrize(
    "said",
    [
        'å/b c+d"e',
        "%C3%A5%2Fb%20c%2Bd%22e",
        "%c3%a5/b%20c%2bd%22e",
        "%C3%A5%2Fb+c%2Bd%22e",
        '\\u00e5/b c+d\\"e',
        '\\u00e5\\/b c+d\\"e',
        "å/b c+d&quot;e",
        b64encode('å/b c+d"e'.encode()).decode(),
    ],
)
def test_a_secret_in_disguise(said: str) -> None:
    """As addresses, JSON, HTML and base64 have it: a page that shows a request may have it so."""
    masker = Masker(['å/b c+d"e', "another-one"]).within([f"x{said}y"])
    shown = masker.text(f"x{said}y")
    assert shown.rstrip("=y") == f"x{MASK}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("before", [b"", b"\xff"])
def test_a_secret_in_data(encoding: str, before: bytes) -> None:
    """Whole anywhere, its beginning where the data was cut."""
    secret = "hemligt-å"
    data = before + secret.encode(encoding)
    masker = Masker([secret])
    assert masker.raw(data + b"\xfe\x80", cut=False) == before + b"***\xfe\x80"
    assert masker.raw(data[:-2], cut=True).replace(b"\0", b"") == before + b"***"
    assert masker.raw(data[:-2], cut=False) == data[:-2]


def test_a_detail_is_masked_in_disguise_too() -> None:
    """What a detail says is in messages, pages and logs."""
    masked = Masker(["å/hemligt"]).observation(make_failure(detail="no %C3%A5%2Fhemligt here"))
    assert masked.detail == f"no {MASK} here"


def test_discovery_and_modules_have_secrets_too(tmp_path: Path) -> None:
    """The bearer token that lists are asked for with, and what modules of ``/probe`` send."""
    token = tmp_path / "token"
    token.write_text("discovery-token\n")
    modules = tmp_path / "blackbox.yml"
    modules.write_text(
        "modules: {m: {prober: http, http: {basic_auth: {username: me, password: module-password},"
        " headers: {X-Key: module-key}}},"
        " t: {prober: tcp, tcp: {query_response: [{send: PASS module-send}]}}}"
    )
    source = DiscoverySource(
        name="list", url="https://me:list-password@example.se/?k=list-key", bearer_token_file=token
    )
    estate = Estate(environments=(), discovery=(source,), blackbox=load_modules(modules))
    assert secrets_of(estate) >= {
        "discovery-token", "list-password", "list-key", "module-password", "module-key",
        "PASS module-send",
    }  # fmt: skip


@given(
    secrets=st.lists(st.text("abåX…", min_size=4, max_size=7), max_size=8),
    texts=st.lists(st.text("abåX… ", max_size=40), max_size=4),
)
def test_many_secrets_are_blanked_as_few_are(secrets: list[str], texts: list[str]) -> None:
    """Also the beginning of one where a text was cut short; a long log line costs its own length."""
    few = Masker(secrets)
    many = Masker([*secrets, *(f"{number:09}" for number in range(FEW))])
    assert [many.text(text) for text in texts] == [few.text(text) for text in texts]
