"""Kinds of damage done to copies of a produced volume; each must be found, and by its name.

    python -m bench.damage --case CASE --production NAME [--only WORDS]

Takes a frozen TIFF volume with families, natives and withheld documents; where some are redacted,
their words are put back in several places, which the verifier must find. Each kind is done alone
to a copy (of links, so that little is written), whose manifest is then made anew, so that no hash
gives it away, unless the damage is one of the manifest. The copy is checked as `redwell produce
check` does, with what the case knows. Prints for each kind the code that was due and all that were
found; exit 1 if one was not found, or if the undamaged copy has any finding.
"""

import argparse
import csv
import hashlib
import io
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

from produce.check import check
from produce.facts import facts_of
from produce.record import Production, items, production
from produce.redaction.fields import hidden_in
from produce.redaction.told import tokens
from produce.redaction.verify import verify
from produce.run import final_folder
from records.case import Case, opened

_MANIFEST = "MANIFEST.sha256"


class Copy:
    """A copy of a volume, made of links; files are replaced and never changed in place."""

    def __init__(self, volume: Path, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(volume, folder, copy_function=os.link)
        [dat], [opt] = (list((folder / "DATA").glob(f"*.{each}")) for each in ("dat", "opt"))
        self._dat, self._opt = dat, opt
        text = dat.read_bytes().decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter="\x14", quotechar="\xfe"))
        self.header = rows[0]
        self.rows = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
        self.opt = opt.read_bytes().decode("ascii").split("\r\n")[:-1]
        listed = (folder / _MANIFEST).read_text("ascii").splitlines()
        self.hashes = {path: digest for digest, path in (line.split("  ", 1) for line in listed)}
        self._changed: set[str] = set()

    def put(self, path: str, data: bytes) -> None:
        """A file with other bytes."""
        place = self.folder / path
        place.unlink(missing_ok=True)
        place.write_bytes(data)
        self._changed.add(path)

    def read(self, path: str) -> bytes:
        """The bytes of a file."""
        return (self.folder / path).read_bytes()

    def remove(self, path: str) -> None:
        """Without a file."""
        (self.folder / path).unlink()
        self._changed.add(path)

    def rename(self, path: str, to: str) -> None:
        """A file under another name."""
        (self.folder / path).rename(self.folder / to)
        self._changed.update((path, to))

    def load_files(self) -> None:
        """Write DAT and OPT as the rows are now."""
        table = [self.header, *([row[name] for name in self.header] for row in self.rows)]
        lines = (
            "\x14".join("\xfe" + value.replace("\xfe", "\xfe\xfe") + "\xfe" for value in row)
            for row in table
        )
        text = "\ufeff" + "".join(line + "\r\n" for line in lines)
        self.put(self._dat.relative_to(self.folder).as_posix(), text.encode("utf-8"))
        data = "".join(line + "\r\n" for line in self.opt).encode("ascii")
        self.put(self._opt.relative_to(self.folder).as_posix(), data)

    def manifest(self) -> None:
        """Write the manifest as the files are now."""
        for path in self._changed:
            place = self.folder / path
            if place.is_file():
                self.hashes[path] = hashlib.sha256(place.read_bytes()).hexdigest()
            else:
                self.hashes.pop(path, None)
        lines = "".join(f"{self.hashes[path]}  {path}\n" for path in sorted(self.hashes))
        (self.folder / _MANIFEST).unlink(missing_ok=True)
        (self.folder / _MANIFEST).write_text(lines, encoding="ascii")

    # Documents to be damaged, the first of each kind.

    def row(self, wanted: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        """The first row of a kind."""
        return next(each for each in self.rows if wanted(each))

    def long(self) -> dict[str, str]:
        """A document of several pages, without family."""
        return self.row(lambda row: int(row["PageCount"]) > 1 and row["Withheld"] == "N")

    def parent(self) -> dict[str, str]:
        """A parent of at least one attachment."""
        return self.row(lambda row: bool(row["ChildBates"]))

    def child(self) -> dict[str, str]:
        """An attachment."""
        return self.row(lambda row: bool(row["ParentBates"]))

    def native(self) -> dict[str, str]:
        """A document produced natively."""
        return self.row(lambda row: bool(row["NativeLink"]))

    def withheld(self) -> dict[str, str]:
        """A withheld document."""
        return self.row(lambda row: row["Withheld"] == "Y")

    def lines(self, row: dict[str, str]) -> list[int]:
        """The places in the OPT of a document's pages."""
        start = next(
            at for at, line in enumerate(self.opt) if line.startswith(row["BegBates"] + ",")
        )
        return list(range(start, start + int(row["PageCount"])))

    def page(self, row: dict[str, str], number: int = 0) -> str:
        """The file of one of a document's pages."""
        return plain(self.opt[self.lines(row)[number]].split(",")[2])


def plain(link: str) -> str:
    """A path of a load file as the disk has it."""
    return link.removeprefix(".\\").replace("\\", "/")


def _set(kind: Callable[[Copy], dict[str, str]], **values: str) -> Callable[[Copy], None]:
    def damage(copy: Copy) -> None:
        kind(copy).update(values)

    return damage


def _page(data: Callable[[bytes], bytes]) -> Callable[[Copy], None]:
    def damage(copy: Copy) -> None:
        path = copy.page(copy.long(), 1)
        copy.put(path, data(copy.read(path)))

    return damage


def _tiff(**options: object) -> Callable[[bytes], bytes]:
    def again(data: bytes) -> bytes:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            buffer = io.BytesIO()
            values = {"compression": "group4", "dpi": (300, 300)} | options
            image.save(buffer, "TIFF", **values)
        return buffer.getvalue()

    return again


def _blank(data: bytes) -> bytes:
    """The page without its number: the same file of white."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        ImageDraw.Draw(image).rectangle((0, 0, *image.size), fill=255)
        buffer = io.BytesIO()
        image.save(buffer, "TIFF", compression="group4", dpi=(300, 300))
    return _white_is_zero(buffer.getvalue())


def _white_is_zero(data: bytes) -> bytes:
    """Tag 262 patched and the bits turned, as Group IV of WhiteIsZero has them."""
    with Image.open(io.BytesIO(data)) as image:
        turned = image.convert("L").point(lambda value: 255 - value).convert("1")
        buffer = io.BytesIO()
        turned.save(buffer, "TIFF", compression="group4", dpi=(300, 300))
    entry = b"\x06\x01\x03\x00\x01\x00\x00\x00"
    return buffer.getvalue().replace(entry + b"\x01", entry + b"\x00", 1)


def _swap_pages(copy: Copy) -> None:
    """Two pages of a document change places: each shows the other's number."""
    one, other = (copy.page(copy.long(), number) for number in (0, 1))
    first, second = copy.read(one), copy.read(other)
    copy.put(one, second)
    copy.put(other, first)


def _swap_rows(copy: Copy) -> None:
    copy.rows[0], copy.rows[-1] = copy.rows[-1], copy.rows[0]


def _drop_row(copy: Copy) -> None:
    copy.rows.remove(copy.long())


def _double_row(copy: Copy) -> None:
    copy.rows.insert(1, dict(copy.rows[0]))


def _drop_line(copy: Copy) -> None:
    del copy.opt[copy.lines(copy.long())[1]]


def _double_line(copy: Copy) -> None:
    at = copy.lines(copy.long())[1]
    copy.opt.insert(at, copy.opt[at])


def _line(old: str, new: str, page: int = 0) -> Callable[[Copy], None]:
    def damage(copy: Copy) -> None:
        at = copy.lines(copy.long())[page]
        assert old in copy.opt[at], (old, copy.opt[at])
        copy.opt[at] = copy.opt[at].replace(old, new)

    return damage


def _split_family(copy: Copy) -> None:
    """Another document stands between a parent and its attachment."""
    stranger = copy.row(lambda row: not row["ParentBates"] and not row["ChildBates"])
    copy.rows.remove(stranger)
    copy.rows.insert(copy.rows.index(copy.child()), stranger)


def _orphan(copy: Copy) -> None:
    """An attachment stands alone."""
    row = copy.child()
    row.update(BegAttach=row["BegBates"], EndAttach=row["EndBates"], ParentBates="")


def _wrong_parent(copy: Copy) -> None:
    row = copy.child()
    row["ParentBates"] = row["BegBates"]


def _lost_child(copy: Copy) -> None:
    row = copy.parent()
    children = row["ChildBates"].split(";")[:-1]
    row.update(ChildBates=";".join(children), AttachmentCount=str(len(children)))


def _text_of(kind: Callable[[Copy], dict[str, str]], data: bytes) -> Callable[[Copy], None]:
    def damage(copy: Copy) -> None:
        copy.put(plain(kind(copy)["TextLink"]), data)

    return damage


def _gone(field: str, kind: Callable[[Copy], dict[str, str]]) -> Callable[[Copy], None]:
    def damage(copy: Copy) -> None:
        copy.remove(plain(kind(copy)[field]))

    return damage


def _cased(copy: Copy) -> None:
    path = plain(copy.long()["TextLink"])
    copy.rename(path, path[:-4] + ".TXT")


def _other_native(copy: Copy) -> None:
    copy.put(plain(copy.native()["NativeLink"]), b"another file")


def _native_of_withheld(copy: Copy) -> None:
    row = copy.withheld()
    path = f"NATIVES/0001/{row['BegBates']}.docx"
    (copy.folder / "NATIVES/0001").mkdir(parents=True, exist_ok=True)
    copy.put(path, b"the advice itself")
    row["NativeLink"] = ".\\" + path.replace("/", "\\")


def _stray(path: str, like: Callable[[Copy], bytes]) -> Callable[[Copy], None]:
    def damage(copy: Copy) -> None:
        copy.put(path, like(copy))

    return damage


def _other_volume(copy: Copy) -> None:
    line = copy.lines(copy.long())[0]
    key, _, rest = copy.opt[line].split(",", 2)
    copy.opt[line] = f"{key},OTHER001,{rest}"


def _beyond(copy: Copy) -> None:
    """The last document has a number more than it has pages."""
    row = copy.rows[-1]
    prefix = row["EndBates"].rstrip("0123456789")
    digits = row["EndBates"][len(prefix) :]
    row["EndBates"] = f"{prefix}{int(digits) + 1:0{len(digits)}d}"


def _backwards(copy: Copy) -> None:
    row = copy.rows[-1]
    row["BegBates"], row["EndBates"] = row["EndBates"], copy.rows[0]["BegBates"]


def _link(copy: Copy) -> None:
    (copy.folder / "TEXT/0001/passwd.txt").symlink_to("/etc/passwd")


long, parent, child, native, withheld = (
    *(Copy.long, Copy.parent),
    *(Copy.child, Copy.native, Copy.withheld),
)

DAMAGES: list[tuple[str, str, Callable[[Copy], None]]] = [
    ("a page is missing", "image-gone", lambda c: c.remove(c.page(c.long(), 1))),
    ("two pages are swapped", "image-number", _swap_pages),
    ("a page is blank", "image-stamp", _page(_blank)),
    ("a page is cut short", "image-unreadable", _page(lambda data: data[: len(data) // 2])),
    ("a page is no image", "image-unreadable", _page(lambda _: b"II*\x00nothing")),
    ("a page is LZW", "image-compression", _page(_tiff(compression="tiff_lzw"))),
    ("a page is 200 dpi", "image-dpi", _page(_tiff(dpi=(200, 200)))),
    ("a page is BlackIsZero", "image-photometric", _page(_tiff())),
    ("a page too many lies there", "image-unlinked",
     _stray("IMAGES/0001/ZZZ9999999.tif", lambda c: c.read(c.page(c.long())))),
    ("a page has its name in other case", "image-case",
     lambda c: c.rename(c.page(c.long(), 1), c.page(c.long(), 1)[:-4] + ".TIF")),
    ("an OPT line is missing", "image-count", _drop_line),
    ("an OPT line stands twice", "image-duplicate", _double_line),
    ("the OPT lacks a page count", "opt-page-count",
     lambda c: c.opt.__setitem__(
         c.lines(c.long())[0], c.opt[c.lines(c.long())[0]].rpartition(",")[0] + ",")),
    ("the OPT begins a document too many", "opt-documents", _line(",,,,", ",Y,,,", 1)),
    ("the OPT begins a document too few", "opt-documents", _line(",Y,,,", ",,,,")),
    ("the OPT names another volume", "opt-volume", _other_volume),
    ("the OPT leads out of the volume", "image-link", _line(".\\IMAGES", "..\\IMAGES")),
    ("a row is missing", "opt-documents", _drop_row),
    ("a row stands twice", "bates-duplicate", _double_row),
    ("rows are out of order", "bates-overlap", _swap_rows),
    ("a page count is wrong", "page-count", _set(long, PageCount="99")),
    ("a number too many", "page-count", _beyond),
    ("a number ends before it begins", "bates-order", _backwards),
    ("a number is no number", "bates-form", _set(long, BegBates="ABC")),
    ("a family is split", "family-split", _split_family),
    ("an attachment stands alone", "attach-range", _orphan),
    ("a parent is wrong", "family-parent", _wrong_parent),
    ("a child is not told", "family-children", _lost_child),
    ("an attachment count is wrong", "attachment-count", _set(parent, AttachmentCount="77")),
    ("an attachment range is wrong", "attach-range", _set(child, EndAttach="ABC0000001")),
    ("a legend is missing", "legend", _set(long, Confidentiality="")),
    ("a zone is missing", "time-zone", _set(long, TimeZone="")),
    ("a row names another volume", "volume-name", _set(long, ProdVolume="OTHER")),
    ("a text is missing", "text-gone", _gone("TextLink", long)),
    ("a text is no UTF-8", "text-encoding", _text_of(long, b"\xff\xfe\x00")),
    ("a text has its name in other case", "text-case", _cased),
    ("a text link leads out", "text-link", _set(long, TextLink=".\\..\\secret.txt")),
    ("a native is missing", "native-gone", _gone("NativeLink", native)),
    ("a native is another file", "native-hash", _other_native),
    ("a native is not told", "native-unlinked", _set(native, NativeLink="")),
    ("a withheld text is in the set", "withheld-text", _text_of(withheld, b"the advice")),
    ("a withheld native is in the set", "withheld-native", _native_of_withheld),
    ("a withheld name is told", "withheld-metadata", _set(withheld, FileName="advice.docx")),
    ("a withheld document is not told", "withheld-flag", _set(withheld, Withheld="")),
    ("a redacted document has its native", "redacted-native", _set(native, Redacted="Y")),
    ("a link leads out of the volume", "link", _link),
]  # fmt: skip

AFTER: list[tuple[str, str, Callable[[Copy], None]]] = [
    ("a file changed after the manifest", "manifest-hash", _text_of(long, b"other words")),
    ("a file went after the manifest", "manifest-gone", _gone("TextLink", long)),
    ("a file came after the manifest", "manifest-lacks", lambda c: c.put("DATA/x.doc", b"x")),
    ("the manifest is gone", "missing-manifest", lambda c: c.remove(_MANIFEST)),
    ("the manifest is rubbish", "unreadable-manifest", lambda c: c.put(_MANIFEST, b"nothing\n")),
    ("the DAT is gone", "missing-dat",
     lambda c: c.remove(next(p for p in c.hashes if p.endswith(".dat")))),
    ("the OPT is gone", "missing-opt",
     lambda c: c.remove(next(p for p in c.hashes if p.endswith(".opt")))),
]  # fmt: skip


def redactions(case: Case, found: Production) -> list[tuple[str, str, Callable[[Copy], None]]]:
    """Kinds of damage to a document that is redacted: its hidden word stands somewhere again."""
    with case.read() as connection:
        planned = items(connection, found.id)
        hidden = hidden_in(case, connection, planned)
    legend = {*tokens(found.specification.legend)}  # stands on every page, so it is not looked for
    told = [
        (each, max(words, key=len))
        for each in planned
        if each.document_id in hidden and (words := hidden[each.document_id].words - legend)
    ]
    if not told:
        return []
    item, word = told[0]

    def own(copy: Copy) -> dict[str, str]:
        return copy.row(lambda row: row["BegBates"] == item.first)

    def behind(path: str, copy: Copy, data: bytes) -> None:
        copy.put(path, copy.read(path) + data)

    def tagged(copy: Copy) -> None:
        path = copy.page(own(copy))
        with Image.open(io.BytesIO(copy.read(path))) as page:
            data = io.BytesIO()
            page.save(data, "TIFF", compression="group4", dpi=(300, 300), description=word)
        copy.put(path, data.getvalue())

    text = word.encode()
    return [
        ("a redacted word is back in the text", "redacted-word",
         lambda c: behind(plain(own(c)["TextLink"]), c, b" " + text)),
        ("a redacted word is back in capitals", "redacted-word",
         lambda c: behind(plain(own(c)["TextLink"]), c, b" " + word.upper().encode())),
        ("a redacted word is back letter by letter", "redacted-word",
         lambda c: behind(plain(own(c)["TextLink"]), c, b" " + " ".join(word).encode())),
        ("a redacted word is back in a field", "redacted-word",
         _set(own, FileName=f"about {word}.eml")),
        ("a redacted word is in a tag of the page", "redacted-word", tagged),
        ("a redacted word is in the page's bytes", "redacted-word",
         lambda c: behind(c.page(own(c)), c, b"\n" + text + b"\n")),
        ("a redacted word is in a file of nobody", "redacted-word",
         lambda c: c.put("DATA/notes.txt", text)),
    ]  # fmt: skip


def damaged(
    volume: Path, folder: Path, damage: Callable[[Copy], None] | None, *, after: bool
) -> Path:
    """A copy of the volume with one kind of damage."""
    copy = Copy(volume, folder)
    if damage is not None:
        damage(copy)
        if not after:
            copy.load_files()
            copy.manifest()
    return folder


def run(case: Case, found: Production, scratch: Path, only: str) -> int:
    """Do all kinds whose name has `only`; how many were not found."""
    started = time.process_time()
    volume = final_folder(case, found)
    with case.read() as connection:
        facts = facts_of(connection, found)

    def looked(copy: Path) -> set[str]:
        return {each.code for each in (*check(copy, facts), *verify(case, found, copy))}

    clean = looked(damaged(volume, scratch / "copy", None, after=False)) - {"registry-manifest"}
    shutil.rmtree(scratch / "copy")
    print(f"undamaged: {len(clean)} findings", flush=True)
    missed = int(bool(clean))
    number = 0
    for after, kinds in ((False, DAMAGES), (False, redactions(case, found)), (True, AFTER)):
        for what, due, damage in kinds:
            if only not in what:
                continue
            number += 1
            copy = damaged(volume, scratch / "copy", damage, after=after)
            seen = sorted(looked(copy) - {"registry-manifest"})
            shutil.rmtree(copy)
            missed += due not in seen
            told = "found" if due in seen else "NOT FOUND"
            print(f"{number:2} {what}: {due} {told} (all: {', '.join(seen)})", flush=True)
    print(f"{number} kinds, {missed} not found, {time.process_time() - started:.0f} CPU s")
    return missed


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", type=Path, required=True)
    parser.add_argument("--production", required=True)
    parser.add_argument("--only", default="", help="kinds whose name has these words")
    wanted = parser.parse_args()
    with opened(wanted.case) as case:
        with case.read() as connection:
            found = production(connection, wanted.production)
        home = case.productions_folder
        with tempfile.TemporaryDirectory(dir=home, prefix=".damage-") as folder:
            sys.exit(bool(run(case, found, Path(folder), wanted.only)))


if __name__ == "__main__":
    main()
