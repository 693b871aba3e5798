"""An archive is unpacked inside its folder, up to a size, or not at all."""

import gzip
import io
import os
import tarfile
import tempfile

import pytest

from eli5_transformers import unpacking
from eli5_transformers.errors import SourceError
from eli5_transformers.permissions import Permissions
from eli5_transformers.unpacking import unpacked


def member(name, content=None, kind=tarfile.REGTYPE, link="", pax=None):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, 0o777
    info.pax_headers = pax or {}
    body = content if content is not None else b""
    info.size = len(body)
    return info, body


def archive(path, members, mode="w:gz", **options):
    with tarfile.open(path, mode, **options) as file:
        for info, body in members:
            file.addfile(info, io.BytesIO(body))
    return path


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder in which archives are unpacked, deep enough to climb out of."""
    folder = tmp_path / "a" / "b" / "temporary"
    folder.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def files_outside(tmp_path, temporary):
    return sorted(str(file) for file in tmp_path.rglob("*") if temporary not in file.parents and not file.is_dir())


@pytest.mark.parametrize("mode", ["w:gz", "w", "w:bz2", "w:xz"])
def test_files_and_folders_are_unpacked_and_removed(tmp_path, temporary, mode):
    members = [member("./", kind=tarfile.DIRTYPE), member("d", kind=tarfile.DIRTYPE)]
    members += [member("d/e/f.txt", b"one"), member("x", b"two")]
    file = archive(tmp_path / "good", members, mode)
    with unpacked(file, Permissions()) as folder:
        assert {
            os.path.relpath(os.path.join(root, name), folder) for root, _, names in os.walk(folder) for name in names
        } == {"d/e/f.txt", "x"}
        with open(os.path.join(folder, "d/e/f.txt"), "rb") as content:
            assert content.read() == b"one"
    assert not list(temporary.iterdir())


CHAIN = [
    member("d", kind=tarfile.DIRTYPE),
    member("d/e", kind=tarfile.DIRTYPE),
    member("d/e/l", kind=tarfile.SYMTYPE, link="../.."),
    member("m", kind=tarfile.SYMTYPE, link="d/e/l/.."),
    member("m/written", b"x"),
]
HOSTILE = {
    "climbing": [member("../../written", b"x")],
    "climbing inside": [member("a/../../written", b"x")],
    "absolute": [member("/tmp/written", b"x")],
    "absolute of Windows": [member("C:\\written", b"x")],
    "climbing of Windows": [member("..\\written", b"x")],
    "share of Windows": [member("\\\\host\\share\\written", b"x")],
    "long name": [member("../" * 60 + "written", b"x")],
    "pax name": [member("good", b"x", pax={"path": "../../written"})],
    "symbolic link": [member("l", kind=tarfile.SYMTYPE, link="good"), member("good", b"x")],
    "symbolic link outside": [member("l", kind=tarfile.SYMTYPE, link="../.."), member("l/written", b"x")],
    "chained links": CHAIN,
    "hard link": [member("good", b"x"), member("l", kind=tarfile.LNKTYPE, link="good")],
    "hard link outside": [member("l", kind=tarfile.LNKTYPE, link="/etc/passwd")],
    "pipe": [member("p", kind=tarfile.FIFOTYPE)],
    "character device": [member("c", kind=tarfile.CHRTYPE)],
    "block device": [member("b", kind=tarfile.BLKTYPE)],
    "contiguous": [member("c", b"x", kind=tarfile.CONTTYPE)],
    "many folders in each other": [member("a/" * depth + "x", b"x") for depth in (50, 150)],
    "unknown kind": [member("u", b"x", kind=b"Z")],
    "sparse": [member("s", b"x", pax={"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "99999999"})],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_leads_outside_or_is_no_file_is_refused_and_nothing_is_left(tmp_path, temporary, name):
    file = archive(tmp_path / "model.tar.gz", [member("first", b"unpacked before"), *HOSTILE[name]])
    before = files_outside(tmp_path, temporary)
    with pytest.raises(SourceError) as refused, unpacked(file, Permissions()):
        pass
    assert str(file) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert files_outside(tmp_path, temporary) == before
    assert not list(temporary.iterdir())


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, temporary, monkeypatch):
    written = []
    extract = unpacking._extract
    monkeypatch.setattr(unpacking, "_extract", lambda archive, member, folder: written.append(member.size))
    file = archive(tmp_path / "bomb.tar.gz", [member(str(number), bytes(2**20)) for number in range(20)])
    small = Permissions(max_unpacked=5_000_000)
    with pytest.raises(SourceError, match="more than 5000000 bytes; max_unpacked"), unpacked(file, small):
        pass
    assert sum(written) <= 5_000_000
    monkeypatch.setattr(unpacking, "_extract", extract)
    with unpacked(file, Permissions(max_unpacked=30_000_000)) as folder:
        assert len(os.listdir(folder)) == 20
    monkeypatch.setattr(unpacking, "MAX_MEMBERS", 19)
    with pytest.raises(SourceError, match="more than 19 members"), unpacked(file, Permissions()):
        pass
    assert not list(temporary.iterdir())


def test_the_archives_of_one_load_share_the_limit(tmp_path, temporary):
    file = archive(tmp_path / "a.tar.gz", [member("x", bytes(1000))])
    permissions = Permissions(max_unpacked=2500)
    for _ in range(2):
        with unpacked(file, permissions):
            pass
    with pytest.raises(SourceError, match="more than 2500 bytes"), unpacked(file, permissions):
        pass


def test_a_member_that_claims_to_be_larger_than_it_is_is_refused(tmp_path, temporary):
    info, _ = member("x")
    info.size = 10**6
    for write in (gzip.open, open):
        with write(tmp_path / "short", "wb") as stream:
            stream.write(info.tobuf() + bytes(5000))
        with pytest.raises(SourceError, match="an archive that can be read"), unpacked(tmp_path / "short", Permissions()):
            pass
    assert not list(temporary.iterdir())


def test_a_size_below_0_and_what_is_no_file_are_refused_at_once(tmp_path, temporary):
    """The first would send a reader back to the same header for ever; a pipe would be waited for."""
    info, _ = member("x")
    info.size = -512
    with gzip.open(tmp_path / "negative", "wb") as stream:
        stream.write(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    os.mkfifo(tmp_path / "pipe")
    for name, said in (("negative", "a size below 0"), ("pipe", "it is no file")):
        with pytest.raises(SourceError, match=said), unpacked(tmp_path / name, Permissions()):
            pass
    assert not list(temporary.iterdir())


def test_a_header_that_would_fill_the_memory_is_refused(tmp_path, temporary):
    for kind in (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK):
        info, _ = member("x", kind=kind)
        info.size = 2**32
        with gzip.open(tmp_path / "long", "wb") as stream:
            stream.write(info.tobuf(tarfile.USTAR_FORMAT) + bytes(2**16))
        with pytest.raises(SourceError, match="a header is too long"), unpacked(tmp_path / "long", Permissions()):
            pass


NO_ARCHIVES = (b"", b"x", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x1f\x8b\x08\x00" + bytes(30), b"PK\x03\x04" + bytes(99))


@pytest.mark.parametrize("content", NO_ARCHIVES)
def test_what_is_no_archive_is_refused(tmp_path, temporary, content):
    file = tmp_path / "model.tar.gz"
    file.write_bytes(content)
    with pytest.raises(SourceError, match="not an archive that can be read"), unpacked(file, Permissions()):
        pass
    assert not list(temporary.iterdir())


def test_an_archive_that_is_cut_leaves_nothing(tmp_path, temporary):
    file = archive(tmp_path / "model.tar.gz", [member("a", os.urandom(50_000)), member("b", os.urandom(50_000))])
    whole = file.read_bytes()
    for length in range(0, len(whole), 9973):
        file.write_bytes(whole[:length])
        with pytest.raises(SourceError, match="not an archive that can be read"), unpacked(file, Permissions()):
            pass
    assert not list(temporary.iterdir())
