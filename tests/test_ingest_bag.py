"""Bags: complete, valid to other tools, and whole or not there."""

import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote_to_bytes

import bagit
import pytest
from click.testing import CliRunner

from ingest import bag as bags
from ingest.bag import BagReport, bag
from ingest.bag_names import Names
from ingest.bag_tags import Labels
from ingest.completed import chosen
from ingest.custody_commands import custody
from ingest.run import ingest
from records import audit
from records import case as cases
from records.case import Case
from records.errors import CustodyError, DiskFullError, StoreError
from store import LocalStore, digests_of
from tests.ingest_engines import Inline
from tests.test_ingest_run import INFO, _make_source

ROOT = Path(__file__).parent.parent
# bagit-python opens files in a way that newer Pythons advise against.
pytestmark = pytest.mark.filterwarnings("ignore:codecs.open:DeprecationWarning")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return _make_source(tmp_path / "source")


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    cases.create(tmp_path / "case", INFO, [], ["Ann Lee"])
    with cases.opened(tmp_path / "case") as case:
        yield case


def _bag(case: Case, folder: Path, collection: int = 1, **values: Any) -> BagReport:
    [done] = chosen(case, collection)
    return bag(case, done, folder, **values)


def _checked(folder: Path) -> Any:
    """What bagit-python and sha256sum say of it; both must take it."""
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        done = subprocess.run(
            ["sha256sum", "--strict", "--quiet", "-c", name],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")
    found = bagit.Bag(str(folder))
    found.validate()
    return found


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_a_collection_becomes_a_bag_that_others_take(
    case: Case, source: Path, tmp_path: Path
) -> None:
    ingest(case, Inline(), source, "Ann Lee")
    folder = tmp_path / "bag"
    steps: list[int] = []
    labels = Labels("Doe & Partners", "Ann\nB.", "ann@doe.example")
    made = _bag(
        case, folder, hashes=("md5", "sha1"), labels=labels,
        progress=lambda n, note="": steps.append(n),
    )  # fmt: skip
    found = _checked(folder)
    assert sorted(found.algorithms) == ["md5", "sha1", "sha256"]
    assert found.version_info == (1, 0)
    payload = {
        path.relative_to(folder / "data").as_posix(): path.read_bytes()
        for path in (folder / "data").rglob("*")
        if path.is_file()
    }
    expected = {
        path.relative_to(source).as_posix(): path.read_bytes()
        for path in source.rglob("*")
        if path.is_file() and not path.is_symlink()
    }
    expected["z 100=25.txt"] = expected.pop("z 100%.txt")
    assert payload == expected
    size = sum(len(each) for each in payload.values())
    assert found.info == {
        "Source-Organization": "Doe & Partners",
        "Contact-Name": "Ann B.",
        "Contact-Email": "ann@doe.example",
        "External-Description": f"Files of Ann Lee, collected from {source}, for 1:24-cv-1, "
        "Doe v. Roe",
        "Bagging-Date": found.info["Bagging-Date"],
        "External-Identifier": "1:24-cv-1 collection 1",
        "Internal-Sender-Identifier": found.info["Internal-Sender-Identifier"],
        "Payload-Oxum": f"{size}.6",
        "Bag-Software-Agent": found.info["Bag-Software-Agent"],
    }
    assert _rows(folder / "redwell" / "names.csv")[1:] == [
        ["data/z 100=25.txt", "z 100%.txt", "z%20100%25.txt"]
    ]
    assert _rows(folder / "redwell" / "not-collected.csv")[1:] == [
        [
            *("link", "link", "RW-00000013", "link"),
            "A symbolic link to a/one.txt; recorded, not followed",
        ]
    ]
    logs = case.folder / "logs" / "collection-0001"
    for name in ("custody.json", "manifest-sha256.txt"):
        assert (folder / "redwell" / name).read_bytes() == (logs / name).read_bytes()
    assert steps == [1] * 6
    assert (made.files, made.bytes, made.renamed, made.not_collected) == (6, size, 1, 1)
    tags = (folder / "tagmanifest-sha256.txt").read_bytes()
    assert made.tagmanifest_sha256 == hashlib.sha256(tags).hexdigest()
    with case.read() as connection:
        last = list(audit.entries(connection))[-1]
    assert (last.act, json.loads(last.details)["files"]) == ("collection bagged", 6)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


ODD = (
    *(b"caf\xc3\xa9.txt", b"cafe\xcc\x81.txt", b"\xe9t\xe9.txt", b"line\nend\r.txt", b"a=b.txt"),
    *(b"%41.txt", b"a%0Ab", b"trailing ", b"nbsp\xc2\xa0", b"back\\slash", b"~$draft.docx"),
    *(b"$HOME", b"*star", b"sep\xe2\x80\xa8arator", b"next\xc2\x85line", b"#hash", b"-dash"),
    *(b"=cmd", b"d\xe9ep/in side/\xff/x", b"tab\tbed", b"\xef\xbb\xbfbom", b"a=25", b"a%"),
    *(b"  leading", b"\xf0\x9f\x93\x8e.msg", b"n" * 250 + b"%" * 5, b"=/00000001"),
)


def test_names_of_every_sort_stand_in_a_valid_bag(case: Case, source: Path, tmp_path: Path) -> None:
    for number, name in enumerate(ODD):
        path = Path(os.fsdecode(os.fsencode(source) + b"/odd/" + name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{number}".encode())
    ingest(case, Inline(), source / "odd", "Ann Lee")
    folder = tmp_path / "bag"
    made = _bag(case, folder)
    assert made.files == len(ODD)
    _checked(folder)
    mapping = {row[2]: row[0] for row in _rows(folder / "redwell" / "names.csv")[1:]}
    assert made.renamed == len(mapping)
    back = {unquote_to_bytes(raw): name for raw, name in mapping.items()}
    for number, name in enumerate(ODD):
        stands = back.get(name, f"data/{os.fsdecode(name)}")
        assert (folder / stands).read_bytes() == f"{number}".encode(), name
    names = [path.relative_to(folder).as_posix() for path in (folder / "data").rglob("*")]
    assert len({unicodedata.normalize("NFC", each) for each in names}) == len(names)
    assert "data/back\\slash" in names
    assert sum(unicodedata.normalize("NFC", each) == "data/café.txt" for each in names) == 1
    assert "data/~$draft.docx" in names


def test_a_file_system_that_minds_no_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused, or there already under another case, gets a plain name or a number."""
    real = Names._created
    there: set[str] = set()

    def created(self: Names, name: str) -> Any:
        if ":" in name:
            raise OSError(22, "Invalid argument")
        if name.casefold() in there:
            raise FileExistsError(17, "File exists")
        there.add(name.casefold())
        return real(self, name)

    monkeypatch.setattr(Names, "_created", created)
    names = Names(tmp_path)
    given = []
    for path in (b"Read me", b"read me", b"a:b", b"READ ME", b"../up"):
        name, file = names.open(path)
        file.close()
        given.append(name)
    assert given == ["Read me", "read=20me", "a=3Ab", "=/00000004", "=/00000005"]
    assert not (tmp_path.parent / "up").exists()


def test_a_full_disk_is_no_reason_to_try_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def full(self: Names, name: str) -> Any:
        tried.append(name)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Names, "_created", full)
    with pytest.raises(OSError, match="No space"):
        Names(tmp_path).open(b"a.txt")
    assert tried == ["a.txt"]


def test_a_later_collection_is_bagged_whole(case: Case, source: Path, tmp_path: Path) -> None:
    """Also what an earlier collection of the source put on record; each bag as its own time."""
    ingest(case, Inline(), source, "Ann Lee")
    (source / "a" / "one.txt").write_bytes(b"edited")
    (source / "a" / "same.txt").unlink()
    (source / "new.txt").write_bytes(b"new")
    ingest(case, Inline(), source, "Ann Lee")
    assert _bag(case, tmp_path / "first", 1).files == 6
    assert _bag(case, tmp_path / "second", 2).files == 6
    _checked(tmp_path / "first")
    _checked(tmp_path / "second")
    assert (tmp_path / "first/data/a/one.txt").read_bytes() == b"one"
    assert (tmp_path / "second/data/a/one.txt").read_bytes() == b"edited"
    assert not (tmp_path / "second/data/a/same.txt").exists()


def test_an_empty_collection_is_a_bag(case: Case, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    ingest(case, Inline(), tmp_path / "none", "Ann Lee")
    assert _bag(case, tmp_path / "bag").files == 0
    bagit.Bag(str(tmp_path / "bag")).validate()


def test_what_is_refused_before_anything_is_written(
    case: Case, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        ingest(case, Inline(0), source, "Ann Lee")
    with pytest.raises(CustodyError, match="none yet"):
        chosen(case, 1)
    ingest(case, Inline(), source, "Ann Lee")
    (tmp_path / "there").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere")
    for folder in (
        *(tmp_path / "there", tmp_path / "dangling", tmp_path / "no" / "bag", Path("..")),
        *(case.folder / "bag", case.folder / "store" / "bag"),
    ):
        with pytest.raises(CustodyError):
            _bag(case, folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=5))
    with pytest.raises(DiskFullError, match="has 5 free"):
        _bag(case, tmp_path / "bag")
    assert {each.name for each in tmp_path.iterdir()} == {"case", "source", "there", "dangling"}


@pytest.mark.parametrize("damage", ["flip", "delete"])
def test_a_damaged_store_makes_no_bag(
    case: Case, source: Path, tmp_path: Path, damage: str
) -> None:
    ingest(case, Inline(), source, "Ann Lee")
    path = LocalStore(Path(case.store_address)).path(digests_of(b"last").sha256)
    if damage == "flip":
        path.chmod(0o644)
        path.write_bytes(b"lost")
    else:
        path.unlink()
    with pytest.raises(StoreError, match=path.name):
        _bag(case, tmp_path / "bag")
    assert {each.name for each in tmp_path.iterdir()} == {"case", "source"}
    with case.read() as connection:
        assert "collection bagged" not in {each.act for each in audit.entries(connection)}


def test_where_the_act_cannot_be_recorded_there_is_no_bag(
    case: Case, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(case, Inline(), source, "Ann Lee")

    def fail(folder: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(bags, "sync_path", fail)
    with pytest.raises(OSError, match="Input/output"):
        _bag(case, tmp_path / "bag")
    assert {each.name for each in tmp_path.iterdir()} == {"case", "source"}
    with case.read() as connection:
        assert "collection bagged" not in {each.act for each in audit.entries(connection)}


_DIES = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from ingest import bag as bags
from ingest.completed import chosen
from records import case as cases
count, at = 0, int(sys.argv[4])
def step(steps, note=""):
    global count
    count += 1
    if count == at:
        os.kill(os.getpid(), signal.SIGKILL)
if at == 0:
    real = bags.sync_path
    bags.sync_path = lambda folder: os.kill(os.getpid(), signal.SIGKILL)
with cases.opened(Path(sys.argv[2])) as case:
    [done] = chosen(case, 1)
    bags.bag(case, done, Path(sys.argv[3]), progress=step)
"""


@pytest.mark.parametrize("at", [1, 3, 6])
def test_a_run_that_was_killed_leaves_no_bag_and_the_next_one_makes_it(
    case: Case, source: Path, tmp_path: Path, at: int
) -> None:
    ingest(case, Inline(), source, "Ann Lee")
    command = [sys.executable, "-c", _DIES, str(ROOT), str(case.folder), str(tmp_path / "bag")]
    done = subprocess.run([*command, str(at)], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not (tmp_path / "bag").exists()
    assert (tmp_path / ".bag.redwell-new").is_dir()
    _bag(case, tmp_path / "bag")
    _checked(tmp_path / "bag")
    assert not (tmp_path / ".bag.redwell-new").exists()


def test_a_kill_between_the_rename_and_its_entry_leaves_a_whole_bag(
    case: Case, source: Path, tmp_path: Path
) -> None:
    ingest(case, Inline(), source, "Ann Lee")
    command = [sys.executable, "-c", _DIES, str(ROOT), str(case.folder), str(tmp_path / "bag")]
    done = subprocess.run([*command, "0"], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    _checked(tmp_path / "bag")
    with pytest.raises(CustodyError, match="there already"):
        _bag(case, tmp_path / "bag")
    with case.read() as connection:
        assert "collection bagged" not in {each.act for each in audit.entries(connection)}
        audit.verify(connection)


def test_two_runs_never_make_one_bag(case: Case, source: Path, tmp_path: Path) -> None:
    ingest(case, Inline(), source, "Ann Lee")
    with bags._partial(tmp_path / "bag"), pytest.raises(CustodyError, match="Another process"):
        _bag(case, tmp_path / "bag")


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_disk_that_fills_up(case: Case, tmp_path: Path) -> None:
    """Files of some bytes each take a page each: their sum fits and the bag does not."""
    source = tmp_path / "many"
    source.mkdir()
    for number in range(600):
        (source / f"{number:04}.txt").write_bytes(b"%d" % number)
    ingest(case, Inline(), source, "Ann Lee")
    small = tmp_path / "small"
    small.mkdir()
    script = (
        'mount -t tmpfs -o size=1m none "$1" && cd / && '
        '"$3" -P "$4" custody bag 1 "$1/bag" --case "$2"; echo "code $?"; ls -A "$1"; '
        'mount -o remount,size=64m "$1" && '
        '"$3" -P "$4" custody bag 1 "$1/bag" --case "$2" >&2; echo "code $?"; ls -A "$1"; '
        'cd "$1/bag" && sha256sum --quiet --strict -c manifest-sha256.txt && echo whole'
    )
    done = subprocess.run(
        [
            *("unshare", "-m", "sh", "-c", script, "sh", str(small), str(case.folder)),
            *(sys.executable, str(ROOT / "cli.py")),
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    if "permission denied" in done.stderr.lower():
        pytest.skip("this machine does not let root mount")
    assert "Traceback" not in done.stderr
    assert "No room left" in done.stderr
    assert done.stdout == "code 32\ncode 0\nbag\nwhole\n", done.stderr


def _run(case: Case, *arguments: str) -> Any:
    return CliRunner().invoke(custody, [*arguments, "--case", str(case.folder)])


def test_the_commands(case: Case, source: Path, tmp_path: Path) -> None:
    ingest(case, Inline(), source, "Ann Lee")
    listed = json.loads(_run(case, "list", "--json").stdout)
    assert [(each["collection"], each["files"], each["items"]) for each in listed] == [(1, 7, 14)]
    assert _run(case, "list").stdout.splitlines()[1].startswith(f"1\tAnn Lee\t{source}\tcomplete")
    shown = _run(case, "show", "1").stdout
    assert "counts, files found" in shown
    record = json.loads(_run(case, "show", "1", "--json").stdout)
    assert record["manifest"]["sha256"] == listed[0]["manifest_sha256"]
    told = json.loads(_run(case, "bag", "1", str(tmp_path / "bag"), "--json").stdout)
    assert (told["files"], told["hashes"]) == (6, ["sha256"])
    assert _run(case, "bag", "1", str(tmp_path / "more"), "--hashes", "crc").exit_code == 2
    assert isinstance(_run(case, "bag", "9", str(tmp_path / "x")).exception, CustodyError)
    path = LocalStore(Path(case.store_address)).path(record["custody_sha256"])
    path.chmod(0o644)
    path.write_text(json.dumps(record | {"custodian": "Bob Ray"}))
    assert isinstance(_run(case, "show", "1").exception, StoreError)
