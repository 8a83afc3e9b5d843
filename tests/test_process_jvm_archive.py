"""The archive of Java's classes: used when it is ours and whole, and never in the way."""

from collections.abc import Callable
from pathlib import Path

import pytest

from process import jvm, jvm_archive, tools
from process.jvm import archive

pytestmark = [pytest.mark.slow, pytest.mark.heavy]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("recorded")))
        assert not tools.class_archive(made=False)
        assert tools.class_archive(made=True)
        assert [each.suffix for each in sorted(jvm_archive.folder().iterdir())] == [".jsa", ".size"]
        assert "-Xshare:auto" in jvm_archive.flags_for(archive())
        return archive().read_bytes()


def _flipped(data: bytes) -> bytes:
    changed = bytearray(data)
    for at in range(1 << 14, len(data), 50_021):
        changed[at] ^= 0x5A
    return bytes(changed)


@pytest.mark.parametrize(
    "damage",
    [bytes, lambda data: data[: len(data) // 2], _flipped, lambda data: bytes(len(data))],
    ids=["whole", "cut", "flipped", "zeros"],
)
def test_tika_runs_whatever_the_archive_is(
    recorded: bytes,
    damage: Callable[[bytes], bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = archive()
    path.parent.mkdir(mode=0o700)
    path.write_bytes(damage(recorded))
    path.chmod(0o600)
    path.with_suffix(".size").write_text(str(len(recorded)))
    assert bool(jvm_archive.flags_for(path)) is (path.stat().st_size == len(recorded))
    found = tools.probe()
    assert (found.java_trouble, found.tika) == ("", "Apache Tika 3.3.1")


def test_what_another_could_have_written_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "tika.jsa"
    path.write_bytes(b"x")
    path.with_suffix(".size").write_text("1")
    path.chmod(0o600)
    tmp_path.chmod(0o700)
    assert jvm_archive.flags_for(path)
    path.chmod(0o666)
    assert jvm_archive.flags_for(path) == []
    path.chmod(0o600)
    tmp_path.chmod(0o777)
    assert jvm_archive.flags_for(path) == []
    tmp_path.chmod(0o700)


def test_a_larger_limit_of_memory_gives_java_a_larger_heap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jvm, "_LIMIT_MB", [0])
    usual = jvm.archive()
    jvm.allow(2048)
    assert "-Xmx1024m" in jvm.flags()
    assert jvm.archive() == usual
    jvm.allow(8192)
    assert "-Xmx4096m" in jvm.flags()
    assert jvm.archive() != usual  # recorded with other flags it would cost, not gain
