"""What stands for cached-path where it is not installed: local files, and a clear word for everything else."""

import errno
import tarfile
from pathlib import Path

import pytest

from eli5_transformers.compat.patches.local_files import (
    _lock_class,
    cached_path,
    is_url_or_existing_file,
    replacing_file,
)
from eli5_transformers.errors import MissingDependencyError


def test_a_local_file_is_its_own_path(tmp_path):
    file = tmp_path / "config.json"
    file.write_text("{}")
    assert cached_path(file) == str(file)
    assert cached_path(str(tmp_path), extract_archive=True) == str(tmp_path)
    # Readers ask for it of whatever they are given.
    assert cached_path(file, extract_archive=True) == str(file)


def test_the_home_folder_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "data").mkdir()
    assert cached_path("~/data") == str(tmp_path / "data")
    assert is_url_or_existing_file("~/data")


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing.json not found"):
        cached_path(tmp_path / "nothing.json")
    assert not is_url_or_existing_file(tmp_path / "nothing.json")
    assert not is_url_or_existing_file(None)


def test_what_only_cached_path_can_do_names_it(tmp_path):
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz"):
        pass
    for path, options in (
        ("https://example.org/model.tar.gz", {}),
        ("hf://user/model", {}),
        (f"{archive}!weights.th", {"extract_archive": True}),
        (archive, {"extract_archive": True}),
    ):
        with pytest.raises(MissingDependencyError, match="needs the package cached-path: pip install cached-path"):
            cached_path(path, **options)
    assert is_url_or_existing_file("https://example.org/model.tar.gz")


def test_a_file_is_replaced_when_all_of_it_is_written(tmp_path):
    target = tmp_path / "vocabulary.tar.gz"
    target.write_bytes(b"old")
    with replacing_file(target) as file:
        file.write(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["vocabulary.tar.gz"]


def test_a_file_is_left_alone_when_writing_fails(tmp_path):
    target = tmp_path / "vocabulary.tar.gz"
    target.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), replacing_file(target, mode="w", suffix=".tar.gz") as file:
        file.write(f"half {1 / 0}")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["vocabulary.tar.gz"]


@pytest.fixture
def unwritable(monkeypatch):
    """File locks that find no write access."""
    import filelock

    def refuse(self, *args, **kwargs):
        raise OSError(errno.EROFS, "read-only file system")

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)


def test_a_lock_keeps_others_out(tmp_path):
    lock_class = _lock_class()
    import filelock

    with lock_class(tmp_path / ".lock", read_only_ok=True), pytest.raises(filelock.Timeout):
        lock_class(tmp_path / ".lock", timeout=0.01).acquire()
    lock_class(tmp_path / ".lock", timeout=0.01).acquire().lock.release()


def test_a_folder_without_write_access_is_read_without_a_lock_when_asked(tmp_path, unwritable):
    with (
        pytest.warns(UserWarning, match="reading without a lock"),
        _lock_class()(tmp_path / ".lock", read_only_ok=True),
    ):
        pass


def test_a_folder_without_write_access_is_an_error_otherwise(tmp_path, unwritable):
    with pytest.raises(OSError, match="read-only"), _lock_class()(Path(tmp_path) / ".lock"):
        pass
