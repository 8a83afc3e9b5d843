"""All archives of the corpus: exact counts, the bytes that other tools give, RAR's own listings."""

import hashlib
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from bench.archives import PASSWORDS, Archive, archives, opened, opening
from ingest.containers import expand
from ingest.members import Member
from records.codes import Code
from records.limits import Limits
from records.notes import Note
from tests.archive_cases import needs_7z, needs_libarchive, needs_unar

CORPUS = Path(
    os.environ.get("REDWELL_CORPUS", Path(__file__).resolve().parents[2] / "shared" / "corpus")
)
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not here"),
    needs_7z,
    needs_libarchive,
    needs_unar,
]

# Archive (of a set its first volume), type, members, exceptions by code.
EXPECTED = """
7z/archive.7z.001 7z 12
7z/bugzilla_4.7z 7z 4
7z/copy.7z 7z 2
7z/copy_2.7z 7z 2
7z/copy_bcj_1.7z 7z 1
7z/crc_corrupted.7z 7z 3 corrupt:3
7z/deflate.7z 7z 2
7z/empty.7z 7z 0
7z/encrypted_1.7z 7z 2
7z/encrypted_4.7z 7z 0 encrypted:1
7z/encrypted_5.7z 7z 3
7z/encrypted_6.7z 7z 3
7z/extra_payload_data.7z 7z 1
7z/github_14.7z 7z 1
7z/github_14_multi.7z 7z 2
7z/hidden_linux_file.7z 7z 1
7z/hidden_linux_folder.7z 7z 0
7z/lz4.7z 7z 3
7z/lzma2_bcj_arm.7z 7z 2
7z/lzma2_bcj_armt.7z 7z 2
7z/lzma2_bcj_ia64.7z 7z 2
7z/lzma2_bcj_ppc.7z 7z 2
7z/lzma2_bcj_sparc.7z 7z 2
7z/lzma2bcj.7z 7z 12
7z/lzma2bcj2.7z 7z 12
7z/lzma2bcj2_2.7z 7z 3
7z/lzma2delta_1.7z 7z 1
7z/lzma_1.7z 7z 1
7z/lzma_bcj2_1.7z 7z 1
7z/lzma_bcj_arm.7z 7z 1
7z/lzma_bcj_armt.7z 7z 1
7z/lzma_bcj_ppc.7z 7z 1
7z/lzma_bcj_sparc.7z 7z 1
7z/lzma_bcj_x86.7z 7z 1
7z/read_reset.7z 7z 2
7z/solid.7z 7z 2
7z/symlink.7z 7z 5 link:4
7z/test_1.7z 7z 3
7z/test_2.7z 7z 1
7z/test_3.7z 7z 18 link:3
7z/test_6.7z 7z 18 link:3
7z/test_folder.7z 7z 6
7z/test_lzma2bcj2.7z 7z 2
7z/umlaut-non_solid.7z 7z 1
generated/7z_header_encrypted.7z 7z 2
generated/nested_tar_7z_zip.tar.gz gz 1
generated/split.7z.001 7z 2
generated/split.zip.001 zip 2
generated/t.tar.bz2 bz2 1
generated/t.tar.xz xz 1
generated/zip_aes256.zip zip 2
generated/zipcrypto.zip zip 2
rar/ctime0.rar rar 1
rar/ctime1.rar rar 1
rar/ctime2.rar rar 1
rar/ctime4.rar rar 1
rar/ctime5.rar rar 1
rar/rar15-comment-lock.rar rar 2 unsupported:1
rar/rar15-comment.rar rar 2 unsupported:1
rar/rar2-unix-owner.rar rar 1
rar/rar202-comment-nopsw.rar rar 2
rar/rar3-comment-hpsw.rar rar 2
rar/rar3-comment-plain.rar rar 2
rar/rar3-old.rar rar 2
rar/rar3-owner.rar rar 2
rar/rar3-readonly-unix.rar rar 1
rar/rar3-readonly-win.rar rar 1
rar/rar3-symlink-unix.rar rar 3 link:2
rar/rar3-versions.rar rar 3
rar/rar3-vols.part1.rar rar 2
rar/rar5-blake.rar rar 2
rar/rar5-crc.rar rar 2
rar/rar5-hlink.rar rar 3
rar/rar5-owner.rar rar 2
rar/rar5-psw-blake.rar rar 2
rar/rar5-quick-open.rar rar 2
rar/rar5-readonly-unix.rar rar 1
rar/rar5-readonly-win.rar rar 1
rar/rar5-solid-qo.rar rar 4
rar/rar5-solid.rar rar 2
rar/rar5-subdirs.rar rar 4
rar/rar5-symlink-unix.rar rar 3 link:2
rar/rar5-symlink-win.rar rar 5 link:4
rar/rar5-times.rar rar 1
rar/seektest.rar rar 2
rar/unicode.rar rar 2
tika/TIKA-216.tgz gz 1
tika/moby.zip zip 135
tika/test-documents-spanned.z01 zip 9
tika/test-documents.7z 7z 9
tika/test-documents.cab archive 9
tika/test-documents.cpio archive 9
tika/test-documents.rar rar 9
tika/test-documents.tar tar 9
tika/test-documents.tar.Z archive 1
tika/test-documents.tbz2 bz2 1
tika/test-documents.tgz gz 1
tika/test-documents.zip zip 9
tika/test-zip-of-zip.zip zip 1
tika/test7Z_protected_passTika.7z 7z 1
tika/testARofSND.ar archive 1
tika/testARofText.ar archive 1
tika/testEmbedded.zip zip 2
tika/testTXT.zlib archive 1
tika/testTXT.zlib0 archive 1
tika/testTXT.zlib5 archive 1
tika/testTXT.zlib9 archive 1
tika/testZipEncrypted.zip zip 2 encrypted:1
adversarial/gzipbomb_512MiB.gz gz 1 bomb:1
adversarial/odd_names.zip zip 2
adversarial/tar_slip_symlink_fifo.tar tar 6 link:2 special-file:1 unsafe-path:2
adversarial/zip_5000_small.zip zip 5000
adversarial/zip_bad_crc.zip zip 2 corrupt:1
adversarial/zip_deep_path.zip zip 1
adversarial/zip_dup_and_case_names.zip zip 4
adversarial/zip_slip.zip zip 4 unsafe-path:3
adversarial/zip_truncated.zip zip 2 truncated:1
adversarial/zipbomb_flat_512MiB.zip zip 1 bomb:1
adversarial/zipbomb_nested_8x4_40GB.zip zip 8
"""
LOCKED = {
    "7z/encrypted_1.7z", "7z/encrypted_4.7z", "7z/encrypted_5.7z", "7z/encrypted_6.7z",
    "generated/7z_header_encrypted.7z", "generated/zip_aes256.zip", "generated/zipcrypto.zip",
    "rar/rar3-comment-hpsw.rar", "rar/rar5-psw-blake.rar", "tika/test7Z_protected_passTika.7z",
    "tika/testZipEncrypted.zip",
}  # fmt: skip


def _all() -> dict[str, Archive]:
    return {each.name.removeprefix("archives/"): each for each in archives(CORPUS)}


def test_every_archive_has_its_type_its_members_and_its_exceptions() -> None:
    found = {}
    for name, archive in _all().items():
        each = opened(archive, PASSWORDS, Limits())
        codes = Counter(code.value for code, _ in each.exceptions)
        told = " ".join(f"{code}:{count}" for code, count in sorted(codes.items()))
        found[name] = f"{archive.type} {each.members} {told}".strip()
    assert found == dict(line.split(" ", 1) for line in EXPECTED.strip().splitlines())


def test_without_passwords_exactly_the_locked_ones_say_so() -> None:
    found = {
        name
        for name, archive in _all().items()
        if Code.ENCRYPTED in {code for code, _ in opened(archive, (), Limits()).exceptions}
    }
    assert found == LOCKED


def test_no_warning_where_all_is_well(tmp_path: Path) -> None:
    for name, archive in _all().items():
        if not name.startswith("adversarial"):
            notes = _notes(archive, tmp_path)
            assert [each for each in notes if each.severity == "warning"] == [], name


def _notes(archive: Archive, folder: Path) -> list[Note]:
    scratch = folder / "scratch"
    scratch.mkdir()
    notes: list[Note] = []
    for each in expand(opening(archive, PASSWORDS, Limits(), scratch)):
        notes += [each] if isinstance(each, Note) else each.notes
    shutil.rmtree(scratch)
    return notes


# Who is asked for the same bytes: 7-Zip has no RAR, unar no BCJ2 in all versions, and so on.
_OTHERS = {
    "7z": ("7zz", "x", "-y", "-psecret", "-oout"),
    "zip": ("7zz", "x", "-y", "-pletmein", "-oout"),
    "rar": ("unar", "-q", "-D", "-f", "-nr", "-k", "skip", "-p", "password", "-o", "out"),
    "tar": ("bsdtar", "-x", "-C", "out", "-f"),
    "archive": ("bsdtar", "-x", "-C", "out", "-f"),
}
# What the other tool does not open, or not so that its files can be compared: two of one name.
_NOT_COMPARED = {
    "7z/crc_corrupted.7z", "7z/encrypted_4.7z", "7z/encrypted_5.7z", "7z/encrypted_6.7z",
    "7z/github_14_multi.7z", "7z/lz4.7z", "rar/rar3-comment-hpsw.rar", "rar/rar5-hlink.rar",
    "rar/rar15-comment.rar", "rar/rar15-comment-lock.rar", "tika/testZipEncrypted.zip",
    "tika/test7Z_protected_passTika.7z", "generated/7z_header_encrypted.7z",
    "tika/test-documents.tar.Z", "tika/testTXT.zlib", "tika/testTXT.zlib0", "tika/testTXT.zlib5",
    "tika/testTXT.zlib9",
}  # fmt: skip


def test_the_same_bytes_come_out_as_other_tools_give(tmp_path: Path) -> None:
    compared = 0
    for name, archive in _all().items():
        command = _OTHERS.get(archive.type)
        if command is None or name in _NOT_COMPARED or name.startswith("adversarial"):
            continue
        if shutil.which(command[0]) is None:
            pytest.skip(f"there is no {command[0]} to compare with")
        assert _ours(archive, tmp_path) == _theirs(archive, command, tmp_path), name
        compared += 1
    assert compared == 84


def _ours(archive: Archive, folder: Path) -> Counter[str]:
    scratch = folder / "scratch"
    scratch.mkdir()
    found: Counter[str] = Counter()
    for each in expand(opening(archive, PASSWORDS, Limits(), scratch)):
        if isinstance(each, Member) and each.stream is not None:
            found[hashlib.sha256(each.stream.read()).hexdigest()] += 1
    shutil.rmtree(scratch)
    return found


def _theirs(archive: Archive, command: tuple[str, ...], folder: Path) -> Counter[str]:
    work = folder / "work"
    (work / "out").mkdir(parents=True)
    for path in archive.paths:  # beside others of its folder, unar takes it for a set
        shutil.copy(path, work)
    first = archive.paths[-1 if archive.paths[-1].suffix == ".zip" else 0]
    subprocess.run([*command, first.name], cwd=work, capture_output=True, stdin=subprocess.DEVNULL)
    files = [each for each in (work / "out").rglob("*") if each.is_file()]
    found = Counter(
        hashlib.sha256(each.read_bytes()).hexdigest() for each in files if not each.is_symlink()
    )
    subprocess.run(["chmod", "-R", "u+rwx", str(work)], check=True)
    shutil.rmtree(work)
    return found


_NO_FIRST = {"rar3-vols.part2.rar", "rar3-vols.part3.rar"}  # their listing says only that


def _listed(path: Path) -> list[tuple[str, int, str | None, str]]:
    """Name, size, date and link ("" for none, "?" for one of RAR 3) of each file of a listing."""
    found = []
    text = path.read_text(encoding="utf-8")
    for block in re.split(r"^(?=(?:R5_)?FILE:)", text, flags=re.M)[1:]:
        kind = re.search(r" is=(\S+)", block)
        name, size = re.search(r"^  name=(.*)$", block, re.M), re.search(r"dec=(\d+)", block)
        date = re.search(r"date_time=(\S+) (\S+)", block)
        link = re.search(r"redir: type=(\S+) .*destination=(.*)$", block, re.M)
        assert kind
        assert name
        assert size
        if kind[1] == "-D-":
            continue
        target = "?" if kind[1] == "--L" else ""
        if link:
            target = link[2] if "LINK" in link[1] or "JUNCTION" in link[1] else ""
        hard = link is not None and link[1] == "HARD_LINK"
        when = f"{date[1]}T{date[2]}Z" if date else None
        found.append((name[1], int(size[1]), when, "" if hard else target))
    return found


@pytest.mark.parametrize(
    "path",
    sorted((CORPUS / "archives" / "rar").glob("*.exp")) if CORPUS.is_dir() else [],
    ids=lambda path: path.name,
)
def test_listings_of_rar(path: Path, tmp_path: Path) -> None:
    archive = _all().get(f"rar/{path.stem}")
    if archive is None:
        assert path.stem in _NO_FIRST
        return
    found = []
    for each in expand(opening(archive, PASSWORDS, Limits(), tmp_path)):
        assert isinstance(each, Member)
        name = each.name_bytes.decode("utf-8").replace("\\", "/")
        links = [note.message for note in each.notes if note.code is Code.LINK]
        target = links[0].removeprefix("A link to ").partition(";")[0] if links else ""
        if ";" not in name:  # older versions of a file, which the listing leaves out
            found.append((name, each.size, each.modified_at, target))
    wanted = _listed(path)
    assert [each[:3] for each in found] == [each[:3] for each in wanted]
    assert all(
        ours == theirs or (theirs == "?" and ours)
        for (_, _, _, ours), (_, _, _, theirs) in zip(found, wanted, strict=True)
    )


def test_of_a_damaged_solid_rar_come_those_before_the_damage(tmp_path: Path) -> None:
    archive = _all()["rar/rar5-solid-qo.rar"]
    data = bytearray(archive.paths[0].read_bytes())
    at = data.index(b"somedir/stest2.txt") + len(b"somedir/stest2.txt")
    data[at : at + 12] = bytes(12)  # all of its packed data
    path = tmp_path / "blob"
    path.write_bytes(data)
    damaged = Archive("damaged", (path,), "rar", "rar")
    whole = _ours(archive, tmp_path)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    found = []
    for each in expand(opening(damaged, (), Limits(), scratch)):
        assert isinstance(each, Member)
        digest = hashlib.sha256(each.stream.read()).hexdigest() if each.stream else ""
        found.append((digest in whole, tuple(note.code for note in each.notes)))
    assert found[:2] == [(True, ()), (True, ())]
    assert found[2] == (False, (Code.CORRUPT,))
    assert len(found) == 4
    assert found[3][0] is not bool(found[3][1])
