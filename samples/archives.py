"""ZIP files with fixed dates, and encryption whose random bytes are fixed too."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from unittest import mock

import msoffcrypto.format.ooxml
import msoffcrypto.method.container.ecma376_encrypted as ole_container
import msoffcrypto.method.ecma376_agile as agile
import pyzipper.zipfile_aes

from samples.tree import Item, seeded

_DATE = (2024, 6, 28, 12, 0, 0)
_UNWANTED = (
    "docProps/thumbnail.jpeg",
    "word/stylesWithEffects.xml",
    "ppt/printerSettings/printerSettings1.bin",
)


def zip_bytes(entries: list[tuple[str, bytes]], *, stored: tuple[str, ...] = ()) -> bytes:
    """A ZIP of the entries in the given order; names ending in "/" are folders."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in entries:
            info = zipfile.ZipInfo(name, _DATE)
            info.create_system = 3
            info.external_attr = (0o040755 << 16 | 0x10) if name.endswith("/") else 0o100644 << 16
            packed = name not in stored and not name.endswith("/")
            info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            archive.writestr(info, data, compresslevel=9 if packed else None)
    return buffer.getvalue()


def zip_item(name: str, members: list[Item]) -> Item:
    """A ZIP of items; folder entries are written too, as most tools write them."""
    entries: list[tuple[str, bytes]] = []
    for member in members:
        folder = member.name.rpartition("/")[0]
        if folder and (f"{folder}/", b"") not in entries:
            entries.append((f"{folder}/", b""))
        entries.append((member.name, member.data))
    return Item(name, zip_bytes(entries), "zip", children=tuple(members))


def aes_zip_item(name: str, members: list[Item], password: str) -> Item:
    """A ZIP with WinZip AES-256 encryption."""
    buffer = io.BytesIO()
    salt = _fixed_bytes(f"aes {name}")
    with (
        mock.patch.object(pyzipper.zipfile_aes.Random, "new", return_value=mock.Mock(read=salt)),
        pyzipper.AESZipFile(
            buffer, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
        ) as archive,
    ):
        archive.setpassword(password.encode())
        for member in members:
            info = pyzipper.zipfile_aes.AESZipInfo(member.name, _DATE)
            info.compress_type = pyzipper.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, member.data)
    return Item(name, buffer.getvalue(), "zip", children=tuple(members))


def encrypted_office(item: Item, password: str, *, listed: bool) -> Item:
    """The document under ECMA-376 agile encryption; `listed` when the password is handed over."""

    class _Clock(dt.datetime):
        """Stands still, so that the container's time stamps do."""

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> "_Clock":
            """The fixed moment."""
            return cls(*_DATE)

    buffer = io.BytesIO()
    with (
        mock.patch.object(agile.secrets, "token_bytes", _fixed_bytes(f"ooxml {item.name}")),
        mock.patch.object(ole_container, "datetime", _Clock),
    ):
        document = msoffcrypto.format.ooxml.OOXMLFile(io.BytesIO(item.data))
        document.encrypt(password, buffer)
    data = buffer.getvalue()
    if listed:
        return Item(item.name, data, item.kind, item.text, item.aside, item.children)
    return Item(item.name, data, item.kind, exception="encrypted")


def damaged(item: Item) -> Item:
    """The Office file with its packed data and its directory overwritten: nothing opens it."""
    noise = seeded(f"damage {item.name}").randbytes(len(item.data))
    end = item.data.rindex(b"PK\x05\x06")
    data = item.data[:49] + noise[49:end] + item.data[end:]
    return Item(item.name, data, item.kind, exception="corrupt")


def settled(package: bytes) -> bytes:
    """An Office package with fixed dates, less the previews its template brings along."""
    entries: list[tuple[str, bytes]] = []
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        for name in archive.namelist():
            if name in _UNWANTED:
                continue
            data = archive.read(name)
            if name.endswith((".rels", "[Content_Types].xml")):
                data = _without_unwanted(data)
            if name in ("docProps/core.xml", "word/comments.xml"):
                data = _fixed_dates(data)
            entries.append((name, data))
    return zip_bytes(entries)


def _fixed_bytes(key: str) -> Callable[[int], bytes]:
    return seeded(key).randbytes


def _without_unwanted(data: bytes) -> bytes:
    for name in _UNWANTED:
        last = re.escape(name.rpartition("/")[2].encode())
        data = re.sub(
            rb'<(?:Relationship|Override)\b[^>]*?(?:Target|PartName)="[^"]*' + last + rb'"[^>]*/>',
            b"",
            data,
        )
    return data


def _fixed_dates(data: bytes) -> bytes:
    stamp = b"2024-06-28T12:00:00Z"
    data = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, data)
    return re.sub(rb'(w:date=")[^"]*', rb"\g<1>" + stamp, data)
