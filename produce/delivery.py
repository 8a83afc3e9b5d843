"""Delivers a frozen volume: an encrypted 7z, a transmittal letter, a list of contents, hashes.

The password goes apart: into a file of its own that is not in the delivery. What is delivered is a
folder that appears whole or not at all; the row and the audit entry that follow are its record.
"""

import csv
import hashlib
import io
import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from produce.check import verify_manifest
from produce.deliver import MANIFEST
from produce.letters import Letter, Row
from produce.loads import recorded
from produce.numbering import span_of
from produce.record import Production, production
from produce.replacement_letter import Part, refuse_replaced, replacement_parts
from produce.run import failed, final_folder
from produce.sealing import prove, require_seven_zip, require_whole, seal
from produce.targets import new_folder
from records import audit, tables, times
from records.case import Case
from records.errors import CheckFailedError, ProductionError, raise_if_full
from records.numbers import next_number
from records.roles import UserRole

_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that look alike
_GROUPS, _IN_GROUP = 6, 5
LEAST_PASSWORD = 12
LEAST_PART, MOST_PARTS = 64 << 10, 999
_CHUNK = 1 << 20
_IMAGES = {
    "tiff": "single-page TIFF, with colour as JPG where the specification says so",
    "pdf": "PDF, one for each document",
    "none": "none: native files and texts",
}
_ENDINGS = {"opt": "opt", "lfp": "lfp", "edrm": "xml"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was made to go out; paths as text. `password_file` is empty where one was given.

    `parts` are those of an archive that was written in some: joined in order they are the archive,
    whose hash and size are told.
    """

    production: str
    recipient: str
    folder: str
    archive: str
    archive_sha256: str
    archive_size: int
    password_file: str
    parts: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """All of it; the password is not in it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be delivered, to whom, where. `lines` are added to the letter.

    `password` None makes one and writes it to `password_file`. `split` is the most bytes of a part
    of the archive, 0 for one file. `allow_replaced` lets a volume go out of which another holds
    newer versions.
    """

    name: str
    recipient: str
    sender: str
    folder: Path
    password: str | None
    password_file: Path | None
    lines: tuple[str, ...] = ()
    split: int = 0
    allow_replaced: bool = False


@dataclass(frozen=True, slots=True)
class _Archive:
    """What was packed: its name, its parts (or itself), and of them all, joined, hash and size."""

    name: str
    parts: tuple[Path, ...]
    sha256: str
    size: int
    hashes: dict[str, str]  # of each part

    @property
    def split(self) -> bool:
        """Whether it is in parts, if only in one."""
        return self.parts[0].name != self.name


def new_password() -> str:
    """A random password of 170 bits, in groups that a person can read over the telephone."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_IN_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def deliver(case: Case, wish: Wish) -> Delivery:
    """Make a delivery. Raises `ProductionError` before anything is written, `CheckFailedError` for
    a volume that is not what was frozen, `ToolMissingError` without 7-Zip.
    """
    program = require_seven_zip()
    target = _checked(case, wish)
    with case.exclusive("produce"):
        with case.read() as connection:
            found = production(connection, wish.name)
            if found.state != "frozen":
                raise ProductionError(
                    f"{found.name} is {found.state}: only a frozen volume is delivered. Run it "
                    f"to its end with 'redwell produce run {found.name}'"
                )
            refuse_replaced(connection, found, wish.allow_replaced)
            files = recorded(connection, found.id)
        volume = final_folder(case, found)
        _check_split(wish, sum(size for _, size in files.values()))
        findings = verify_manifest(volume, found.manifest_sha256)
        if findings:
            raise CheckFailedError(failed(found.name, volume, findings))
        password = wish.password or new_password()
        partial = target.with_name(f".{target.name}.redwell-new")
        shutil.rmtree(partial, ignore_errors=True)
        try:
            partial.mkdir()
            archive = partial / f"{found.name}.7z"
            parts = seal(program, volume, archive, password, wish.split)
            if wish.split:
                require_whole(parts, wish.split)
            prove(program, volume, parts[0], password)
            packed = _packed(archive.name, parts)
            made = _papers(case, found, wish, volume, files, packed)
            _write_password(wish, password)
            return _recorded(case, found, wish, partial, target, packed, made)
        except OSError as error:
            raise_if_full(error, target.parent)
            raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _checked(case: Case, wish: Wish) -> Path:
    """The folder to be made; everything that can be refused beforehand is."""
    target = new_folder(case, wish.folder, "the delivery")
    if not wish.recipient.strip():
        raise ProductionError("Say to whom the volume goes: --to 'Counsel for the respondent'")
    if wish.password is None:
        _check_password_file(wish, target)
    elif len(wish.password) < LEAST_PASSWORD or "\n" in wish.password:
        raise ProductionError(
            f"A password for a delivery has at least {LEAST_PASSWORD} characters on one line; "
            "without --password-file one is made"
        )
    return target


def _check_split(wish: Wish, size: int) -> None:
    if not wish.split:
        return
    if wish.split < LEAST_PART:
        raise ProductionError(f"A part has at least {LEAST_PART:,} bytes: --split 650m, or 4g")
    if size > wish.split * MOST_PARTS:
        raise ProductionError(
            f"{size:,} bytes in parts of {wish.split:,} would be over {MOST_PARTS} parts: take "
            "larger ones"
        )


def _check_password_file(wish: Wish, target: Path) -> None:
    place = wish.password_file
    if place is None:
        raise ProductionError(
            "Say where the password is to be written: --password-out FILE, which goes apart from "
            "the delivery; or give one with --password-file FILE"
        )
    if target in place.absolute().parents:
        raise ProductionError(f"{place} would lie in the delivery: a password goes apart")
    if os.path.lexists(place) or not place.absolute().parent.is_dir():
        raise ProductionError(f"{place} is there already, or its folder is not: name a new file")


def _write_password(wish: Wish, password: str) -> None:
    if wish.password is not None or wish.password_file is None:
        return
    fd = os.open(wish.password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(password + "\n")
        file.flush()
        os.fsync(fd)


def _papers(
    case: Case,
    found: Production,
    wish: Wish,
    volume: Path,
    files: dict[str, tuple[str, int]],
    packed: _Archive,
) -> dict[str, str]:
    """Write letter, contents and hashes beside the archive; each file's SHA-256 by its name."""
    folder = packed.parts[0].parent
    hashes = dict(packed.hashes)
    papers = {
        f"{found.name}-contents.csv": contents(volume, files, packed),
        f"{found.name}-transmittal.pdf": transmittal(case, found, wish, packed).pdf(),
    }
    for name, data in papers.items():
        (folder / name).write_bytes(data)
        hashes[name] = hashlib.sha256(data).hexdigest()
    lines = "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes))
    (folder / "SHA256SUMS").write_text(lines, encoding="ascii")
    return hashes


def _packed(name: str, parts: tuple[Path, ...]) -> _Archive:
    whole = hashlib.sha256()
    hashes = {}
    for part in parts:
        own = hashlib.sha256()
        with part.open("rb") as file:
            while chunk := file.read(_CHUNK):
                own.update(chunk)
                whole.update(chunk)
        hashes[part.name] = own.hexdigest()
    size = sum(part.stat().st_size for part in parts)
    return _Archive(name, parts, whole.hexdigest(), size, hashes)


def contents(volume: Path, files: dict[str, tuple[str, int]], packed: _Archive) -> bytes:
    """Every file of the volume with its size and hash, the manifest first; before it the parts of
    an archive in parts.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("Path", "Bytes", "SHA256"))
    for part in packed.parts if packed.split else ():
        writer.writerow((part.name, part.stat().st_size, packed.hashes[part.name]))
    manifest = volume / MANIFEST
    writer.writerow((MANIFEST, manifest.stat().st_size, _sha256(manifest)))
    for path, (sha256, size) in sorted(files.items()):
        writer.writerow((path, size, sha256))
    return ("\ufeff" + out.getvalue()).encode("utf-8")


def transmittal(case: Case, found: Production, wish: Wish, packed: _Archive) -> Letter:
    """The letter that goes with a volume: what it is, how it is read, what is reserved."""
    info, specification = case.info(), found.specification
    with case.read() as connection:
        span = span_of(connection, found.id)
        replacing = replacement_parts(connection, found)
    assert span is not None
    made = found.counts["made"]
    rows: list[Row] = [
        ("Volume", found.name),
        ("Bates range", f"{span[0]} - {span[1]}" + (", with gaps" if found.replaces else "")),
        ("Documents", f"{made['documents']:,}"),
        ("Pages", f"{made['pages']:,}"),
        ("Natives", f"{made['produced as native']:,}"),
        ("Withheld, with a sheet in place", f"{made['produced as withheld']:,}"),
        ("Confidentiality", specification.legend or "none"),
        ("Images", _IMAGES[specification.kind]),
        ("Load files", ", ".join(_load_files(found))),
        ("Dates in the load file", specification.time_zone),
        *_archive_rows(packed),
        ("SHA-256 of MANIFEST.sha256", found.manifest_sha256 or ""),
    ]
    parts: list[Part] = [
        f"{times.now()[:10]}\n\nTo: {wish.recipient}\nFrom: {wish.sender}",
        f"Re: {info.caption}, {info.number}",
        f"Enclosed is the production volume {found.name}. The password is sent apart.",
        tuple(rows),
        "Each file of the volume stands with its hash in MANIFEST.sha256 (sha256sum -c) and in the "
        "list of contents.",
        *replacing,
    ]
    if packed.split:
        parts.append(
            f"The archive is in parts: {len(packed.parts)}. Put all of them into one folder and "
            f"open {packed.parts[0].name} with 7-Zip; joined in order they are {packed.name}."
        )
    if made["produced as withheld"]:
        parts.append(
            "Documents withheld as privileged have a sheet in their place; a privilege log is "
            "served under Rule 26(b)(5)(A)."
        )
    parts.extend(wish.lines)
    order = case.settings.order_502d
    parts.append(
        "Should a privileged or protected document have been produced, no waiver is intended"
        + (f"; see the order under Fed. R. Evid. 502(d): {order}." if order else ".")
    )
    return Letter(f"Production {found.name}", tuple(parts))


def _archive_rows(packed: _Archive) -> list[Row]:
    kind = f"{packed.size:,} bytes, AES-256, names encrypted"
    if not packed.split:
        return [
            ("Archive", f"{packed.name}, {kind}"),
            ("SHA-256 of the archive", packed.sha256),
        ]
    return [
        ("Archive", f"{packed.name} in parts: {len(packed.parts)}; {kind}"),
        ("SHA-256 of the parts, joined", packed.sha256),
        *(
            (each.name, f"{each.stat().st_size:,} bytes, SHA-256 {packed.hashes[each.name]}")
            for each in packed.parts
        ),
    ]


def _load_files(found: Production) -> list[str]:
    """The load files of a volume, as paths in it."""
    specification = found.specification
    endings = ("dat", *(_ENDINGS[each] for each in specification.load_files if each != "dat"))
    return [f"{specification.folders.data}/{found.name}.{each}" for each in endings]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _recorded(
    case: Case,
    found: Production,
    wish: Wish,
    partial: Path,
    target: Path,
    packed: _Archive,
    hashes: dict[str, str],
) -> Delivery:
    """Rename, then say so on record: of an archive in parts hash and size of them joined."""
    os.sync()
    parts = dict(packed.hashes) if packed.split else {}
    with case.write(UserRole.ADMIN) as connection:
        partial.rename(target)
        connection.execute(
            tables.deliveries.insert().values(
                id=next_number(connection, tables.deliveries.c.id),
                production_id=found.id,
                recipient=wish.recipient,
                archive=packed.name,
                archive_sha256=packed.sha256,
                archive_size=packed.size,
                letter_sha256=hashes[f"{found.name}-transmittal.pdf"],
                contents_sha256=hashes[f"{found.name}-contents.csv"],
                actor=audit.actor(),
                at=times.now(),
            )
        )
        audit.append(
            connection,
            "production delivered",
            name=found.name,
            recipient=wish.recipient,
            archive_sha256=packed.sha256,
            manifest_sha256=found.manifest_sha256,
            **({"parts": parts} if parts else {}),
        )
    return Delivery(
        production=found.name,
        recipient=wish.recipient,
        folder=str(target),
        archive=packed.name,
        archive_sha256=packed.sha256,
        archive_size=packed.size,
        password_file="" if wish.password is not None else str(wish.password_file),
        parts=tuple(parts),
    )


def deliveries_of(connection: sa.Connection, production_ids: Sequence[int]) -> list[sa.Row[Any]]:
    """Deliveries of some productions, oldest first."""
    d = tables.deliveries
    rows = connection.execute(
        sa.select(d).where(d.c.production_id.in_(production_ids)).order_by(d.c.id)
    )
    return list(rows)
