"""The outermost structure of DER, read without parsing what is in it."""

from __future__ import annotations

import pytest

from probes.certificate.revocation.der import children, head, head_size, sequence


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_535, 65_536, 20_000_000])
def test_a_sequence_is_read_back(size: int) -> None:
    """In the shortest form of its length."""
    made = sequence(bytes(size))
    tag, begin, end = head(made)
    assert (tag, end, end - begin) == (0x30, len(made), size)
    assert begin == head_size(made[1])


def test_the_elements_within_are_walked_in_order() -> None:
    inner = sequence(b"a") + b"\x02\x01\x05" + sequence(bytes(200))
    made = sequence(inner)
    found = list(children(made, 3, len(made)))
    assert [(tag, after - content) for tag, _, content, after in found] == [
        (0x30, 1), (0x02, 1), (0x30, 200),
    ]  # fmt: skip
    assert found[0][1] == 3
    assert found[-1][3] == len(made)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x30", b"\x30\x80\x00\x00", b"\x30\x81\x7f" + bytes(127), b"\x30\x82\x00\xff",
        b"\x30\x82\x01", b"\x30\x85\x01\x00\x00\x00\x00", b"\x30\xff",
    ],
)  # fmt: skip
def test_what_is_not_der_is_refused(data: bytes) -> None:
    """Cut off, of indefinite length, of a length in more bytes than it takes, or of gigabytes."""
    with pytest.raises(ValueError, match=r"data end|length"):
        head(data)


def test_an_element_may_not_leave_what_holds_it() -> None:
    with pytest.raises(ValueError, match="longer than what holds it"):
        list(children(b"\x02\x05abc", 0, 5))
