"""The check against a volume made by hand and then damaged in one way at a time."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from produce.check import Facts, Registered, check, verify_manifest
from records.errors import ProductionError
from tests.produce_matter import SIZE, pdf, tiff, white_is_zero

HEADER = [
    *("BegBates", "EndBates", "BegAttach", "EndAttach", "ParentBates", "ChildBates"),
    *("AttachmentCount", "Custodian", "FileName", "PageCount", "MD5", "SHA1", "SHA256"),
    *("Confidentiality", "Redacted", "Withheld", "PrivReason", "TimeZone", "ProdVolume"),
    *("NativeLink", "TextLink", "ControlNumber"),
]
NATIVE = b"one,two\r\n"
COMMON = {
    "Custodian": "Okafor, Amara",
    "Confidentiality": "CONFIDENTIAL",
    "Redacted": "N",
    "Withheld": "N",
    "TimeZone": "UTC",
    "ProdVolume": "VOL1",
}


def _record(beg: int, end: int, span: tuple[int, int], **values: str) -> dict[str, str]:
    return {
        **dict.fromkeys(HEADER, ""),
        **COMMON,
        "BegBates": f"X{beg:04}",
        "EndBates": f"X{end:04}",
        "BegAttach": f"X{span[0]:04}",
        "EndAttach": f"X{span[1]:04}",
        "AttachmentCount": "0",
        "PageCount": str(end - beg + 1),
        "TextLink": f".\\TEXT\\0001\\X{beg:04}.txt",
        **values,
    }


def _records() -> list[dict[str, str]]:
    """A mail of two pages with a native and a withheld attachment, then a lone document."""
    hashes = {
        "MD5": hashlib.md5(NATIVE).hexdigest(),
        "SHA1": hashlib.sha1(NATIVE).hexdigest(),
        "SHA256": hashlib.sha256(NATIVE).hexdigest(),
    }
    return [
        _record(
            1,
            2,
            (1, 4),
            FileName="mail.eml",
            ChildBates="X0003;X0004",
            AttachmentCount="2",
            ControlNumber="RW-00000001",
        ),
        _record(
            3,
            3,
            (1, 4),
            FileName="a.csv",
            ParentBates="X0001",
            ControlNumber="RW-00000002",
            NativeLink=".\\NATIVES\\0001\\X0003.csv",
            **hashes,
        ),
        _record(
            4,
            4,
            (1, 4),
            ParentBates="X0001",
            Withheld="Y",
            PrivReason="Privileged",
            ControlNumber="RW-00000003",
        ),
        _record(5, 6, (5, 6), FileName="lone.txt", ControlNumber="RW-00000004"),
    ]


class Volume:
    """A volume made by hand, to be damaged before its manifest is written or after."""

    def __init__(self, folder: Path, kind: str = "tif") -> None:
        self.folder = folder
        self.kind = kind
        self.records = _records()
        self.opt = [
            f"X{number:04},VOL1,.\\IMAGES\\0001\\X{number:04}.tif,{first},,,{pages}"
            for number, first, pages in (
                (1, "Y", "2"),
                (2, "", ""),
                (3, "Y", "1"),
                (4, "Y", "1"),
                (5, "Y", "2"),
                (6, "", ""),
            )
        ]
        if kind == "pdf":
            self.opt = [line.replace(".tif", ".pdf") for line in self.opt if ",Y," in line]
        for name in ("DATA", "IMAGES/0001", "TEXT/0001", "NATIVES/0001"):
            (folder / name).mkdir(parents=True)
        self._images()
        for number, text in ((1, "mail"), (3, "one"), (5, "lone – ünïcode")):
            self.put(f"TEXT/0001/X{number:04}.txt", text.encode())
        self.put("TEXT/0001/X0004.txt", b"Document Withheld - Privileged\r\n")
        self.put("NATIVES/0001/X0003.csv", NATIVE)

    def _images(self) -> None:
        if self.kind == "tif":
            for number in range(1, 7):
                self.put(f"IMAGES/0001/X{number:04}.tif", tiff(f"X{number:04}"))
            return
        for first, last in ((1, 2), (3, 3), (4, 4), (5, 6)):
            numbers = [f"X{each:04}" for each in range(first, last + 1)]
            self.put(f"IMAGES/0001/{numbers[0]}.pdf", pdf(numbers, "CONFIDENTIAL"))

    def put(self, path: str, data: bytes) -> None:
        """Write a file."""
        (self.folder / path).write_bytes(data)

    def write(self) -> Path:
        """Write load files and manifest."""
        rows = [HEADER, *([record[name] for name in record] for record in self.records)]
        lines = ["\x14".join(f"þ{value}þ" for value in row) + "\r\n" for row in rows]
        self.put("DATA/VOL1.dat", ("\ufeff" + "".join(lines)).encode())
        self.put("DATA/VOL1.opt", "".join(line + "\r\n" for line in self.opt).encode())
        self.manifest()
        return self.folder

    def manifest(self) -> None:
        """Write the manifest over what is on the disk."""
        lines = []
        for path in sorted(each for each in self.folder.rglob("*") if each.is_file()):
            if path.name != "MANIFEST.sha256":
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                lines.append(f"{digest}  {path.relative_to(self.folder).as_posix()}\n")
        self.put("MANIFEST.sha256", "".join(lines).encode())


def _codes(folder: Path, facts: Facts | None = None) -> set[str]:
    return {each.code for each in check(folder, facts)}


@pytest.mark.parametrize("kind", ["tif", "pdf"])
def test_good_volume_has_no_finding(tmp_path: Path, kind: str) -> None:
    assert check(Volume(tmp_path, kind).write()) == []


def _row(number: int, **values: str) -> Callable[[Volume], None]:
    def damage(volume: Volume) -> None:
        volume.records[number] |= values

    return damage


def _line(number: int, old: str, new: str) -> Callable[[Volume], None]:
    def damage(volume: Volume) -> None:
        assert old in volume.opt[number]
        volume.opt[number] = volume.opt[number].replace(old, new)

    return damage


def _file(path: str, data: bytes | None) -> Callable[[Volume], None]:
    def damage(volume: Volume) -> None:
        (volume.folder / path).unlink() if data is None else volume.put(path, data)

    return damage


def _rename(old: str, new: str) -> Callable[[Volume], None]:
    def damage(volume: Volume) -> None:
        (volume.folder / old).rename(volume.folder / new)

    return damage


def _swap(volume: Volume) -> None:
    volume.records[1], volume.records[3] = volume.records[3], volume.records[1]


def _drop_row(volume: Volume) -> None:
    del volume.records[3]


def _drop_line(volume: Volume) -> None:
    del volume.opt[1]


def _double_line(volume: Volume) -> None:
    volume.opt.insert(1, volume.opt[1])


def _drop_all(volume: Volume) -> None:
    volume.records.clear()


def _frames() -> bytes:
    pages = [Image.new("1", SIZE, 0) for _ in range(2)]
    buffer = io.BytesIO()
    pages[0].save(
        buffer,
        "TIFF",
        compression="group4",
        dpi=(300, 300),
        save_all=True,
        append_images=pages[1:],
    )
    return white_is_zero(buffer.getvalue())


def _black_is_zero() -> bytes:
    buffer = io.BytesIO()
    Image.new("1", SIZE, 0).save(buffer, "TIFF", compression="group4", dpi=(300, 300))
    return buffer.getvalue()


def _blank() -> bytes:
    buffer = io.BytesIO()
    Image.new("1", SIZE, 0).save(buffer, "TIFF", compression="group4", dpi=(300, 300))
    return white_is_zero(buffer.getvalue())


_TIF = "IMAGES/0001/X0002.tif"

DAMAGES: list[tuple[str, Callable[[Volume], None]]] = [
    ("bates-gap", _row(3, BegBates="X0006", PageCount="1")),
    ("bates-duplicate", _row(3, BegBates="X0004", EndBates="X0004", PageCount="1")),
    ("bates-overlap", _row(3, BegBates="X0003")),
    ("bates-order", _row(3, EndBates="X0004")),
    ("bates-form", _row(3, EndBates="Xend")),
    ("bates-form", _row(3, EndBates="Y0006")),
    ("bates-gap", _swap),
    ("page-count", _row(0, PageCount="3")),
    ("attach-range", _row(1, EndAttach="X0003")),
    ("attach-range", _row(3, EndAttach="X0007")),
    ("attach-range", _row(0, BegAttach="X0002")),
    ("attach-range", _row(3, BegAttach="X0001", EndAttach="X0006")),
    ("family-split", _row(1, BegAttach="X0003", EndAttach="X0003", ParentBates="")),
    ("family-parent", _row(1, ParentBates="X0005")),
    ("family-parent", _row(1, ParentBates="X0003")),
    ("family-children", _row(0, ChildBates="X0003", AttachmentCount="1")),
    ("attachment-count", _row(0, AttachmentCount="1")),
    ("legend", _row(2, Confidentiality="")),
    ("time-zone", _row(2, TimeZone="")),
    ("volume-name", _row(2, ProdVolume="VOL2")),
    ("withheld-flag", _row(3, Withheld="")),
    ("withheld-native", _row(1, Withheld="Y")),
    ("withheld-metadata", _row(2, FileName="advice.docx")),
    ("withheld-metadata", _row(2, SHA256="0" * 64)),
    ("withheld-pages", _row(0, Withheld="Y")),
    ("withheld-text", _file("TEXT/0001/X0004.txt", b"the advice")),
    ("redacted-native", _row(1, Redacted="Y")),
    ("text-missing", _row(3, TextLink="")),
    ("text-gone", _file("TEXT/0001/X0005.txt", None)),
    ("text-case", _rename("TEXT/0001/X0005.txt", "TEXT/0001/x0005.TXT")),
    ("text-link", _row(3, TextLink="C:\\TEXT\\X0005.txt")),
    ("text-link", _row(3, TextLink=".\\..\\X0005.txt")),
    ("text-link", _row(3, TextLink=".\\TEXT\\0001\\X,5.txt")),
    ("text-link", _row(3, TextLink="/TEXT/0001/X0005.txt")),
    ("text-twice", _row(3, TextLink=".\\TEXT\\0001\\X0001.txt")),
    ("text-name", _row(3, TextLink=".\\TEXT\\0001\\X0001.txt")),
    ("text-unlinked", _file("TEXT/0001/X0009.txt", b"")),
    ("text-encoding", _file("TEXT/0001/X0005.txt", b"\xff\xfe")),
    ("native-gone", _file("NATIVES/0001/X0003.csv", None)),
    ("native-unlinked", _row(1, NativeLink="")),
    ("native-hash", _row(1, MD5="0" * 32)),
    ("native-hash", _row(1, SHA1="0" * 40)),
    ("native-hash", _file("NATIVES/0001/X0003.csv", b"other")),
    ("image-gone", _file(_TIF, None)),
    ("image-case", _rename(_TIF, "IMAGES/0001/x0002.tif")),
    ("image-unlinked", _file("IMAGES/0001/X0009.tif", tiff("X0009"))),
    ("image-link", _line(1, ".\\IMAGES", "\\\\server\\IMAGES")),
    ("image-name", _line(1, "X0002,", "X0007,")),
    ("image-duplicate", _double_line),
    ("image-count", _drop_line),
    ("image-count", _double_line),
    ("opt-documents", _line(1, ",,,,", ",Y,,,")),
    ("opt-documents", _drop_row),
    ("opt-documents", _line(2, ",Y,", ",,")),
    ("opt-page-count", _line(0, ",,2", ",,")),
    ("opt-page-count", _line(0, ",,2", ",,3")),
    ("opt-page-count", _line(1, ",,,,", ",,,,1")),
    ("opt-break", _line(0, "Y,,,", "Y,Y,,")),
    ("opt-volume", _line(0, "VOL1", "VOL2")),
    ("unreadable-opt", _line(0, ",,2", ",2")),
    ("image-unreadable", _file(_TIF, b"II*\x00nothing")),
    ("image-unreadable", _file(_TIF, tiff("X0002")[:60])),
    ("image-compression", _file(_TIF, tiff("X0002", compression="tiff_lzw"))),
    ("image-photometric", _file(_TIF, _black_is_zero())),
    ("image-dpi", _file(_TIF, tiff("X0002", 200))),
    ("image-pages", _file(_TIF, _frames())),
    ("image-stamp", _file(_TIF, _blank())),
    ("empty-volume", _drop_all),
    ("bates-form", _row(3, BegBates="X" + "9" * 5000)),
    ("opt-documents", _line(0, ",Y,", ",,")),
]


@pytest.mark.parametrize(
    ("code", "damage"), DAMAGES, ids=[f"{at}-{code}" for at, (code, _) in enumerate(DAMAGES)]
)
def test_damage_is_found(tmp_path: Path, code: str, damage: Callable[[Volume], None]) -> None:
    volume = Volume(tmp_path)
    damage(volume)
    assert code in _codes(volume.write())


@pytest.mark.parametrize(
    ("code", "path", "data"),
    [
        ("image-pages", "IMAGES/0001/X0001.pdf", pdf(["X0001"], "CONFIDENTIAL")),
        ("image-stamp", "IMAGES/0001/X0001.pdf", pdf(["X0001", "X0003"], "CONFIDENTIAL")),
        ("image-legend", "IMAGES/0001/X0003.pdf", pdf(["X0003"], "")),
        ("image-unreadable", "IMAGES/0001/X0003.pdf", b"%PDF-1.4\nnothing"),
    ],
)
def test_damaged_pdf_is_found(tmp_path: Path, code: str, path: str, data: bytes) -> None:
    volume = Volume(tmp_path, "pdf")
    volume.put(path, data)
    assert _codes(volume.write()) == {code}


def _after(path: str, data: bytes | None) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / path).unlink() if data is None else (folder / path).write_bytes(data)

    return damage


def _cut(path: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        data = (folder / path).read_bytes()
        (folder / path).write_bytes(data[:-2])

    return damage


@pytest.mark.parametrize(
    ("code", "damage"),
    [
        ("manifest-hash", _after("TEXT/0001/X0005.txt", b"other")),
        ("manifest-gone", _after("TEXT/0001/X0005.txt", None)),
        ("manifest-lacks", _after("DATA/notes.doc", b"x")),
        ("missing-manifest", _after("MANIFEST.sha256", None)),
        ("unreadable-manifest", _after("MANIFEST.sha256", b"nothing\n")),
        ("missing-dat", _after("DATA/VOL1.dat", None)),
        ("missing-dat", _after("DATA/VOL2.dat", b"")),
        ("missing-opt", _after("DATA/VOL1.opt", None)),
        ("unreadable-dat", _cut("DATA/VOL1.dat")),
        ("unreadable-opt", _cut("DATA/VOL1.opt")),
        ("link", lambda folder: (folder / "NATIVES/0001/X0005.txt").symlink_to("/etc/passwd")),
    ],
)
def test_damage_after_the_manifest_is_found(
    tmp_path: Path, code: str, damage: Callable[[Path], None]
) -> None:
    folder = Volume(tmp_path).write()
    damage(folder)
    assert code in _codes(folder)


@pytest.mark.parametrize(
    ("code", "name", "value"),
    [("date", "DateSent", "2024-03-12"), ("absolute-path", "FilePath", "/home/amara/x.txt")],
)
def test_value_of_a_further_field_is_found(
    tmp_path: Path, code: str, name: str, value: str
) -> None:
    folder = Volume(tmp_path).write()
    dat = folder / "DATA/VOL1.dat"
    text = dat.read_text(encoding="utf-8").replace("þFileNameþ", f"þ{name}þ")
    dat.write_bytes(text.replace("þlone.txtþ", f"þ{value}þ").replace("\n", "\r\n").encode())
    assert code in _codes(folder)


def test_missing_field_is_found(tmp_path: Path) -> None:
    folder = Volume(tmp_path).write()
    dat = folder / "DATA/VOL1.dat"
    dat.write_bytes(dat.read_bytes().replace("þParentBatesþ".encode(), "þParentþ".encode()))
    assert [each.code for each in check(folder)] == ["missing-field"]


def _facts(folder: Path) -> Facts:
    documents = tuple(
        Registered(
            record["BegBates"],
            record["EndBates"],
            record["ControlNumber"],
            record["Withheld"] == "Y",
            record["SHA256"] or None,
        )
        for record in _records()
    )
    digest = hashlib.sha256((folder / "MANIFEST.sha256").read_bytes()).hexdigest()
    closed = frozenset({"RW-00000003"})
    others = (("VOL0", "X", 7, 9),)
    return Facts("VOL1", 300, "CONFIDENTIAL", documents, closed, frozenset(), others, digest)


def test_good_volume_agrees_with_its_case(tmp_path: Path) -> None:
    folder = Volume(tmp_path).write()
    assert check(folder, _facts(folder)) == []


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("privileged", {"closed": frozenset({"RW-00000004"})}),
        ("overlap", {"others": (("VOL0", "X", 6, 9),)}),
        ("registry-documents", {"documents": ()}),
        ("registry-legend", {"legend": "SECRET"}),
        ("registry-manifest", {"manifest_sha256": "0" * 64}),
        ("registry-name", {"name": "VOL9"}),
        ("image-dpi", {"dpi": 400}),
    ],
)
def test_disagreement_with_the_case_is_found(
    tmp_path: Path, code: str, change: dict[str, object]
) -> None:
    folder = Volume(tmp_path).write()
    assert _codes(folder, replace(_facts(folder), **change)) == {code}  # type: ignore[arg-type]


def test_native_of_another_document_is_found(tmp_path: Path) -> None:
    """Bytes and hash columns agree with each other, but not with the case."""
    volume = Volume(tmp_path)
    other = b"another file"
    volume.put("NATIVES/0001/X0003.csv", other)
    volume.records[1] |= {
        "MD5": hashlib.md5(other).hexdigest(),
        "SHA1": hashlib.sha1(other).hexdigest(),
        "SHA256": hashlib.sha256(other).hexdigest(),
    }
    folder = volume.write()
    assert check(folder) == []
    assert _codes(folder, _facts(folder)) == {"registry-documents"}


def test_frozen_bytes_are_verified(tmp_path: Path) -> None:
    folder = Volume(tmp_path).write()
    digest = hashlib.sha256((folder / "MANIFEST.sha256").read_bytes()).hexdigest()
    assert verify_manifest(folder, digest) == []
    (folder / "TEXT/0001/X0005.txt").write_bytes(b"other")
    assert [each.code for each in verify_manifest(folder, digest)] == ["manifest-hash"]
    assert [each.code for each in verify_manifest(tmp_path / "gone", digest)] == ["volume-gone"]


def test_place_that_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ProductionError, match="no folder"):
        check(tmp_path / "gone")


@pytest.mark.slow
def test_file_that_ends_its_reader_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader without a second to live stands for one that a file has killed."""
    folder = Volume(tmp_path, "pdf").write()
    monkeypatch.setattr("produce.check_files._SECONDS", 0.0)
    found = check(folder)
    assert {each.code for each in found} == {"file-ends-reader", "manifest-hash", "native-hash"}
    assert sum(each.code == "file-ends-reader" for each in found) == 11
