"""Sets of volumes, told by names; and whether files named x.001 belong together."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.volumes import VolumeSet, holds_together, volume_sets


def _sets(*names: str) -> list[tuple[str, ...]]:
    found = volume_sets([each.encode() for each in names])
    return [tuple("-" if v is None else v.decode() for v in each.volumes) for each in found]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("a.7z.002", "a.7z.001", "b.txt"), [("a.7z.001", "a.7z.002")]),
        (("a.zip.001", "a.zip.003"), [("a.zip.001", "-", "a.zip.003")]),
        (("a.zip", "a.z02", "a.z01"), [("a.z01", "a.z02", "a.zip")]),
        (("a.zip", "a.z02"), [("-", "a.z02", "a.zip")]),
        (("a.z01", "a.z02"), [("a.z01", "a.z02", "-")]),
        (("a.part1.rar", "a.part2.rar"), [("a.part1.rar", "a.part2.rar")]),
        (("a.part01.rar", "a.part03.rar"), [("a.part01.rar", "-", "a.part03.rar")]),
        (("a.part1.exe", "a.part2.rar"), [("a.part1.exe", "a.part2.rar")]),
        (("a.r00", "a.rar", "a.r01"), [("a.rar", "a.r00", "a.r01")]),
        (("a.r00", "a.r01"), [("-", "a.r00", "a.r01")]),
        (("A.PART1.RAR", "a.part2.rar"), [("A.PART1.RAR", "a.part2.rar")]),
        (("x.001", "x.002", "y.001"), [("x.001", "x.002")]),
        (("a.b.001", "a.b.002", "a.c.002"), [("a.b.001", "a.b.002")]),
    ],
)
def test_sets(names: tuple[str, ...], expected: list[tuple[str, ...]]) -> None:
    assert _sets(*names) == expected


def test_old_names_go_on_with_the_next_letter() -> None:
    names = ["a.rar", *(f"a.r{each:02}" for each in range(100)), "a.s00", "a.s01"]
    [found] = volume_sets([each.encode() for each in reversed(names)])
    assert [each.decode() for each in found.present] == names
    assert found.missing == ()


@pytest.mark.parametrize(
    "names",
    [
        ("report.001",), ("a.zip",), ("a.rar",), ("a.zip", "a.rar"), ("a.part2.rar",), ("a.z01",),
        ("a.part1.rar", "b.part2.rar"), ("a.part1.rar", "a.part02.rar"), ("x.001", "x.900"),
        ("a.000", "a.001"), (".001", ".002"), ("a.part1.exe", "a.part2.exe"), ("a.r0", "a.rar"),
        ("a.part0.rar", "a.part1.rar"),
    ],
)  # fmt: skip
def test_what_is_no_set(names: tuple[str, ...]) -> None:
    assert _sets(*names) == []


def test_what_is_missing_and_what_is_to_be_opened() -> None:
    [found] = volume_sets([b"a.7z.002", b"a.7z.004", b"a.7z.005"])
    assert found.missing == (1, 3)
    assert found.first == b"a.7z.002"
    assert found.present == (b"a.7z.002", b"a.7z.004", b"a.7z.005")


def test_names_that_differ_by_case_only_are_told_apart() -> None:
    assert _sets("a.001", "a.002", "A.001", "A.002") == [("A.001", "A.002"), ("a.001", "a.002")]
    assert _sets("a.r00", "a.R00", "a.rar") == [("a.rar", "a.R00")]


def test_a_name_of_any_bytes_and_length() -> None:
    stem = b"\xff\n\xe2\x80\xae" + b"x" * 10_000
    [found] = volume_sets([stem + b".001", stem + b".002"])
    assert found.present == (stem + b".001", stem + b".002")


_NAME = st.from_regex(r"\A[ab]\.(part\d{1,2}\.rar|rar|r\d\d|zip|z\d\d|\d{3}|7z\.\d{3})\Z")


@given(st.lists(_NAME, max_size=30), st.randoms())
def test_no_name_is_in_two_sets_and_order_does_not_matter(names: list[str], random: object) -> None:
    raw = [each.encode() for each in names]
    found = volume_sets(raw)
    present = [name for each in found for name in each.present]
    assert len(present) == len(set(present))
    assert set(present) <= set(raw)
    assert all(len(each.present) >= 2 for each in found)
    shuffled = list(raw)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert volume_sets(shuffled) == found


def _files(folder: Path, *contents: bytes) -> tuple[VolumeSet, list[Path]]:
    paths = []
    for number, each in enumerate(contents, 1):
        paths.append(folder / f"a.{number:03}")
        paths[-1].write_bytes(each)
    [found] = volume_sets([path.name.encode() for path in paths])
    return found, paths


ZIP = b"PK\x03\x04" + bytes(96)


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ((ZIP, b"x" * 100, b"x" * 40), True),
        ((ZIP, b"x" * 100, b"x" * 100), True),
        ((ZIP, b"x" * 90, b"x" * 40), False),
        ((ZIP, b"x" * 200), False),
        ((ZIP, ZIP), False),
        ((b"page one", b"page two"), False),
        ((ZIP, b""), False),
    ],
)
def test_files_that_were_cut_from_one(
    tmp_path: Path, contents: tuple[bytes, ...], expected: bool
) -> None:
    found, paths = _files(tmp_path, *contents)
    assert holds_together(found, paths) is expected
