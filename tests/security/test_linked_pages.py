"""Pages that a text links to are read for their cards: public machines alone, little, and not for long."""

from __future__ import annotations

import gzip
from http.server import BaseHTTPRequestHandler

import pytest

from publisher.accounts.addresses import is_public
from publisher.cards import outside
from tests.plugins.elsewhere import OUTSIDE, Elsewhere
from tests.plugins.pictures import picture

HEAD = '<html><head><meta property="og:title" content="A title">{}</head><body>Text</body></html>'
REFUSED = (
    "ftp://out.example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "http://127.0.0.1/",
    "https://127.1/",
    "http://2130706433/",
    "http://0x7f.0.0.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://0.0.0.0/",
    "http://10.0.0.7/",
    "http://172.16.0.1/",
    "https://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data",
    "http://[fd00::1]/",
    "http://localhost/",
    "http://inside.example.com/",
    "http://both.example.com/",
    "http://name:secret@out.example.com/",
    "http://out.example.com:6379/",
    "http://out.example.com:443/",
    "http://out.example.com/a\r\nHost: elsewhere",
    "http://",
    "//out.example.com/",
    "javascript:alert(1)",
    "",
)


@pytest.fixture
def world(elsewhere: Elsewhere) -> Elsewhere:
    elsewhere.names["inside.example.com"] = [["10.1.2.3"]]
    elsewhere.names["both.example.com"] = [[OUTSIDE, "10.1.2.3"]]
    return elsewhere


@pytest.mark.parametrize("url", REFUSED)
def test_no_linked_page_leads_into_our_own_network(world: Elsewhere, url: str) -> None:
    assert outside.look(url) is None
    assert world.asked == []


@pytest.mark.parametrize("url", [url for url in REFUSED if url[:2] not in {"", "//"}])
def test_no_redirect_and_no_picture_of_a_linked_page_leads_inside(
    world: Elsewhere, url: str
) -> None:
    away = url.replace("\r\n", "\t")
    moved = world.page("/moved", status=302, Location=away)
    page = world.page("/", HEAD.format(f'<meta property="og:image" content="{away}">'))
    assert outside.look(moved) is None
    looked = outside.look(page)
    assert looked is not None and looked.picture is None
    assert set(world.asked) == {OUTSIDE}


def test_a_name_that_means_another_machine_a_moment_later_leads_nowhere(world: Elsewhere) -> None:
    world.names["out.example.com"] = [[OUTSIDE], ["127.0.0.1"]]
    looked = outside.look(world.page("/", HEAD))
    assert looked is not None and looked.said.title == "A title"
    assert (world.looked_up, world.asked) == (["out.example.com"], [OUTSIDE])


def test_redirects_are_followed_to_public_machines_and_not_for_ever(world: Elsewhere) -> None:
    world.page("/2", HEAD)
    first = world.page("/1", status=301, Location="/2")
    round_about = world.page("/round", status=302, Location="/round")
    looked = outside.look(first)
    assert looked is not None and looked.said.title == "A title"
    world.asked.clear()
    assert outside.look(round_about) is None
    assert len(world.asked) == outside.HOPS


def test_a_page_without_end_is_read_no_further_than_its_head(world: Elsewhere) -> None:
    sent = 0

    def endless(call: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        call.send_response(200)
        call.send_header("Content-Type", "text/html")
        call.end_headers()
        call.wfile.write(HEAD.encode())
        while sent < 100 * outside.PAGE_BYTES:
            call.wfile.write(b" " * 65536)
            sent += 65536

    looked = outside.look(world.serve("/endless", endless))
    assert looked is not None and looked.said.title == "A title"
    assert sent < 100 * outside.PAGE_BYTES


def test_a_page_that_comes_too_slowly_is_left(
    world: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "CALL_S", 0.3)

    def slow(call: BaseHTTPRequestHandler) -> None:
        call.send_response(200)
        call.send_header("Content-Type", "text/html")
        call.end_headers()
        call.wfile.write(b"<html>")
        call.rfile.read(1)  # until the other side gives up

    assert outside.look(world.serve("/slow", slow)) is None


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "image/svg+xml", ""])
def test_what_is_no_html_is_not_read(world: Elsewhere, kind: str) -> None:
    assert outside.look(world.page("/file", HEAD, kind=kind)) is None


def test_nothing_that_is_packed_is_unpacked(world: Elsewhere) -> None:
    packed = gzip.compress(HEAD.encode())
    assert outside.look(world.page("/packed", packed, Content_Encoding="gzip")) is None


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("image/png", b"no picture"),
        ("image/svg+xml", b"<svg onload='alert(1)'/>"),
        ("text/html", picture()),
        ("image/png", b"x" * (outside.PICTURE_BYTES + 1)),
    ],
)
def test_a_picture_that_is_none_is_left_out(world: Elsewhere, kind: str, data: bytes) -> None:
    world.page("/a.png", data, kind=kind)
    looked = outside.look(
        world.page("/", HEAD.format('<meta property="og:image" content="/a.png">'))
    )
    assert looked is not None and looked.said.title == "A title" and looked.picture is None


def test_strangers_learn_nothing_but_our_address(
    world: Elsewhere, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    (tmp_path / "netrc").write_text("machine out.example.com login a password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert outside.look(world.page("/", HEAD)) is not None
    told = {name.lower() for name in world.requests["/"]}
    assert told <= {"host", "user-agent", "accept", "accept-encoding", "connection"}


@pytest.mark.parametrize("machine", ["64:ff9b::a00:1", "2002:7f00:1::", "2001:0:4136:e378::1"])
def test_a_machine_that_may_stand_for_another_one_is_not_public(machine: str) -> None:
    assert not is_public(machine)


def test_an_address_that_can_name_no_machine_is_no_bug() -> None:
    assert outside.look("https://www..example.com/") is None
