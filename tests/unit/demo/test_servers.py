"""The demo's servers, as a process: they obey the script and do not outlive their parent."""

from __future__ import annotations

import asyncio
import ssl
import stat
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from monitor.demo import process
from monitor.demo.process import Environments, ServersFailedError, environments
from monitor.demo.script import SERVICES
from tests.support.patience import PATIENCE

PING = '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"/>'

pytestmark = pytest.mark.system


@pytest.fixture
async def up(tmp_path: Path) -> AsyncIterator[Environments]:
    async with environments(tmp_path) as started:
        yield started


@pytest.fixture
async def client(up: Environments, tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    connector = aiohttp.TCPConnector(ssl=context, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session


def url(up: Environments, service: str, path: str) -> str:
    return f"https://127.0.0.1:{up.ports[service]}{path}"


async def days_left(up: Environments, folder: Path, service: str) -> float:
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    _, writer = await asyncio.open_connection("127.0.0.1", up.ports[service], ssl=context)
    end = writer.get_extra_info("peercert")["notAfter"]
    writer.transport.abort()
    return (ssl.cert_time_to_seconds(end) - time.time()) / 86_400


async def test_every_service_has_a_port_of_its_own(up: Environments) -> None:
    assert set(up.ports) == set(SERVICES)
    assert len(set(up.ports.values())) == len(SERVICES)


async def test_the_dispensing_service_speaks_soap(
    up: Environments, client: aiohttp.ClientSession
) -> None:
    async with client.post(url(up, "ext5/expo", "/expo"), data=PING) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/xml"
        assert "PingForConfigurationResponse" in await answer.text()
    async with client.post(url(up, "ext5/expo", "/expo"), data="hello") as answer:
        assert answer.status == 500
        assert "Fault" in await answer.text()


async def test_the_medication_list_speaks_fhir(
    up: Environments, client: aiohttp.ClientSession
) -> None:
    async with client.get(url(up, "ext6/nll", "/fhir/metadata")) as answer:
        statement = await answer.json(content_type="application/fhir+json")
        assert (statement["resourceType"], statement["fhirVersion"]) == (
            "CapabilityStatement",
            "4.0.1",
        )


async def test_the_article_register_is_a_zip_file_with_a_date(
    up: Environments, client: aiohttp.ClientSession
) -> None:
    async with client.get(url(up, "ext5/vara", "/vara-export.zip")) as answer:
        body = await answer.read()
        assert body.startswith(b"PK")
        assert answer.content_length == len(body)
        assert "Last-Modified" in answer.headers


async def test_the_script_runs_from_the_word_begin(
    up: Environments, client: aiohttp.ClientSession
) -> None:
    """Before it all is well for as long as one likes; 1.5 s after it the first service is slow."""

    async def seconds() -> float:
        begun = time.monotonic()
        async with client.get(url(up, "ext5/nll", "/fhir/metadata")):
            return time.monotonic() - begun

    await asyncio.sleep(1.7)
    # the slow one is slow for 7 s; one of five that is not is enough on any machine
    assert min([await seconds() for _ in range(5)]) < 0.9
    await up.begin()
    async with asyncio.timeout(PATIENCE):
        while min([await seconds() for _ in range(2)]) < 0.9:
            pass


async def test_a_closed_port_refuses_and_stays_ours(up: Environments) -> None:
    """Nobody else can take the port while the service is down."""
    await up.begin()
    refused = False
    async with asyncio.timeout(PATIENCE):
        while not refused:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", up.ports["ext6/expo"])
            except ConnectionRefusedError:
                refused = True
            else:
                writer.transport.abort()
                await asyncio.sleep(0.05)
    with pytest.raises(OSError, match="in use"):
        await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", up.ports["ext6/expo"])


async def test_one_certificate_is_about_to_end(up: Environments, tmp_path: Path) -> None:
    assert 12 <= await days_left(up, tmp_path, "ext6/vara") < 13
    assert await days_left(up, tmp_path, "ext5/vara") > 100


@pytest.mark.usefixtures("up")
def test_no_key_is_on_the_disk(tmp_path: Path) -> None:
    assert {file.name for file in tmp_path.iterdir()} == {"ca.pem", "servers.log"}
    assert b"PRIVATE" not in (tmp_path / "ca.pem").read_bytes()
    assert stat.S_IMODE((tmp_path / "servers.log").stat().st_mode) == 0o600


async def test_they_end_when_their_input_does(tmp_path: Path) -> None:
    """As it does when the parent dies, however it dies."""
    started = await process._start(tmp_path)
    assert started.stdin is not None
    assert started.stdout is not None
    await started.stdout.readline()
    started.stdin.close()
    async with asyncio.timeout(PATIENCE):
        assert await started.wait() == 0


async def test_a_failed_start_says_why(tmp_path: Path) -> None:
    """Here the folder for ca.pem holds a folder of that name."""
    (tmp_path / "ca.pem").mkdir()
    with pytest.raises(ServersFailedError, match="IsADirectoryError"):
        async with environments(tmp_path):
            pass
