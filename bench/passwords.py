"""Every locked file of the corpus: opened with the list, an exception without, opened by retry.

    python -m bench.passwords --corpus ../shared/corpus

Three times the same files are collected and processed through the command line: with the list of
passwords; without; and, in the second case, `redwell retry --code encrypted --passwords LIST`. For
each file the table says what became of it and of all that it holds: how many documents could be
had of how many, the same text after retry as with the list at once, the same control number as
before, and the text of its unlocked twin where there is one. Exits with 1 at any difference.
"""

import argparse
import json
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import pipeline
from store import open_store

PASSWORDS = (
    *("not this one", "Password1234_", "tika", "Tika", "password", "secret", "letmein"),
    *("openpassword", "test", "user"),
)
"""Those of the corpus (its README.md), and "user" of PDFBox's and Tika's own tests."""

# What the list opens, what opens without, and what stays closed: nobody knows the passwords.
OPENED = (
    "office/encrypted/ecma376standard_password.docx",
    "office/encrypted/rc4cryptoapi_password.doc",
    "office/encrypted/rc4cryptoapi_password.xls",
    "office/tika/testEXCEL_protected_passtika.xls",
    "office/tika/testEXCEL_protected_passtika.xlsx",
    "office/tika/testPPT_protected_passtika.ppt",
    "office/tika/testPPT_protected_passtika.pptx",
    "office/tika/testWORD_protected_passtika.doc",
    "office/tika/testWORD_protected_passtika.docx",
    "pdf/pdfbox/PasswordSample-256bit.pdf",
    "pdf/pdfbox/PasswordSample-40bit.pdf",
    "pdf/pdfplumber/password-example.pdf",
    "pdf/py-pdf/libreoffice-writer-password.pdf",
    "pdf/tika/testPDF_no_extract_no_accessibility_owner_user.pdf",
    "pdf/tika/testPDF_no_extract_yes_accessibility_owner_user.pdf",
    "archives/7z/encrypted_1.7z",
    "archives/generated/7z_header_encrypted.7z",
    "archives/generated/zip_aes256.zip",
    "archives/generated/zipcrypto.zip",
    "archives/rar/rar3-comment-hpsw.rar",
    "archives/rar/rar5-psw-blake.rar",
    "archives/tika/test7Z_protected_passTika.7z",
    "mail/eml/tika/testRFC822_encrypted_zip",  # by "test", which its README does not tell
)
FREE = (
    "office/tika/protect.xlsx",
    "pdf/pdfplumber/pr-138-example.pdf",
    "pdf/tika/testPDF_no_extract_no_accessibility_owner_empty.pdf",
    "pdf/tika/testPDF_no_extract_yes_accessibility_owner_empty.pdf",
    "pdf/tika/testPDF_protected.pdf",
)
CLOSED = (
    "office/tika/testPagesPwdProtected.pages",
    "archives/7z/encrypted_4.7z",
    "archives/tika/testZipEncrypted.zip",
)
TWINS = {
    "office/encrypted/ecma376standard_password.docx": "ecma376standard_password_plain.docx",
    "office/encrypted/rc4cryptoapi_password.doc": "rc4cryptoapi_password_plain.doc",
    "office/encrypted/rc4cryptoapi_password.xls": "rc4cryptoapi_password_plain.xls",
}


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a case, as far as it is compared."""

    id: int
    outcome: str
    sha256: str | None
    text: str
    codes: tuple[str, ...]


def evidence(corpus: Path, folder: Path) -> list[str]:
    """Copy the files under their paths; the names of those that are there."""
    names = [*OPENED, *FREE, *CLOSED]
    twins = [str(Path(name).with_name(twin)) for name, twin in TWINS.items()]
    for name in (*names, *twins):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(corpus / name, target)
    return names


def made(case: Path, source: Path, passwords: Path | None) -> None:
    """A case with the evidence collected and processed."""
    pipeline.redwell(
        *("init", str(case), "--number", "1", "--caption", "Passwords"),
        *("--bates-prefix", "PW", "--custodian", "Ann"),
    )
    listed = () if passwords is None else ("--passwords", str(passwords))
    where = ("--case", str(case), "--workers", "1")
    pipeline.redwell("ingest", str(source), "--custodian", "Ann", *listed, *where)
    pipeline.redwell("process", *listed, *where)


def documents(case: Path) -> dict[str, Document]:
    """All documents by address."""
    store = open_store(str(case / "store"))
    with sqlite3.connect(case / "case.db") as connection:
        codes: dict[int, list[str]] = {}
        query = "SELECT document_id, code FROM notes WHERE severity = 'exception' ORDER BY code"
        for number, code in connection.execute(query):
            codes.setdefault(number, []).append(code)
        query = "SELECT address, id, outcome, sha256, text_sha256 FROM documents ORDER BY id"
        rows = connection.execute(query).fetchall()
    connection.close()
    return {
        address: Document(
            *(number, outcome, sha256),
            store.read_bytes(text).decode() if text else "",
            tuple(codes.get(number, ())),
        )
        for address, number, outcome, sha256, text in rows
    }


def under(found: dict[str, Document], name: str) -> dict[str, Document]:
    """A file's document and all that lies in it."""
    return {
        address: each
        for address, each in found.items()
        if address == name or address.startswith(f"{name}!/")
    }


def state(found: dict[str, Document]) -> str:
    """What became of a file: `opened 3` of 3 documents, or its exceptions."""
    locked = sum("encrypted" in each.codes for each in found.values())
    other = sum(bool(each.codes) and "encrypted" not in each.codes for each in found.values())
    if locked:
        return f"encrypted {locked} of {len(found)}"
    return f"opened {len(found)}" + (f", {other} others" if other else "")


def faults(
    name: str, at_once: dict[str, Document], before: dict[str, Document], after: dict[str, Document]
) -> list[str]:
    """What is not as it should be with a file."""
    found = []
    locked = [each for each in before.values() if "encrypted" in each.codes]
    still = [each for each in after.values() if "encrypted" in each.codes]
    if bool(locked) is (name in FREE):
        found.append("locked without the list?" if locked else "not locked without the list")
    if bool(still) is not (name in CLOSED):
        found.append("not opened by retry" if still else "opened, and nobody knows why")
    kept = {address: (each.id, each.sha256) for address, each in before.items() if each.sha256}
    if any((after[address].id, after[address].sha256) != was for address, was in kept.items()):
        found.append("another number or other bytes than before")
    if any(after[address].id != each.id for address, each in before.items()):
        found.append("another number than before")
    told = [
        {
            address: (each.outcome, each.sha256, each.text, each.codes)
            for address, each in all_.items()
        }
        for all_ in (at_once, after)
    ]
    if told[0] != told[1]:
        odd = [each for each in {**told[0], **told[1]} if told[0].get(each) != told[1].get(each)]
        found.append(f"retry and the list at once differ in {', '.join(odd)}")
    return found


def compared(names: Sequence[str], cases: Sequence[dict[str, Document]]) -> int:
    """Print the table; the number of faults."""
    at_once, before, after = cases
    wrong = 0
    print(f"{'file':<62}{'with the list':<20}{'without':<20}{'by retry':<20}{'twin':<6}")
    for name in names:
        parts = [under(each, name) for each in cases]
        found = faults(name, *parts)
        twin = ""
        if name in TWINS:
            plain = at_once[str(Path(name).with_name(TWINS[name]))]
            twin = "equal" if plain.text == after[name].text else "DIFFERS"
            found += ["its twin has another text"] if twin == "DIFFERS" else []
        states = "".join(f"{state(each):<20}" for each in parts)
        print(f"{name:<62}{states}{twin}")
        for each in found:
            print(f"  FAULT: {each}")
        wrong += len(found)
    ids = sorted(each.id for each in after.values())
    if ids != list(range(1, len(ids) + 1)):
        print("FAULT: the control numbers have gaps")
        wrong += 1
    opened = sum(name not in CLOSED for name in names)
    print(f"{len(names)} files, {opened} to be opened; {len(before)} documents, then {len(after)}")
    return wrong


def main() -> None:
    """Run all three."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="redwell-passwords-") as scratch:
        folder = Path(scratch)
        names = evidence(wanted.corpus, folder / "source")
        listed = folder / "list.txt"
        listed.write_text("\n".join(PASSWORDS) + "\n", encoding="utf-8")
        made(folder / "with", folder / "source", listed)
        made(folder / "without", folder / "source", None)
        before = documents(folder / "without")
        started = time.monotonic()
        where = ("--case", str(folder / "without"), "--workers", "1", "--json")
        retry = ("retry", "--code", "encrypted", "--passwords", str(listed), *where)
        told = json.loads(pipeline.redwell(*retry))
        seconds = time.monotonic() - started
        cases = (documents(folder / "with"), before, documents(folder / "without"))
        wrong = compared(names, cases)
        print(
            f"retry: {told['tried']} documents tried in {seconds:.0f} s, "
            f"{told['mended_documents'] + told['opened']} mended, {told['failing']} fail as before"
        )
        again = json.loads(pipeline.redwell(*retry))
        if again["mended_documents"] or again["opened"] or again["new"]:
            print("FAULT: a second retry mended something")
            wrong += 1
        json.loads(pipeline.redwell("audit", "verify", "--json", "--case", where[1]))
        json.loads(pipeline.redwell("verify", "store", *where[:2], "--json"))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
