"""Files are there when they are whole, with the permissions and links that a plain open would leave."""

import os
import stat

import pytest

from eli5_transformers.commands.destinations import Beside, Direct, OutputError, Stdout, destination, require_apart
from eli5_transformers.errors import InputError


def write(name, *records, foot="", complete=True, stopped=False):
    """The place where the records are."""
    to = destination(str(name), "--output")
    to.check()
    to.open()
    for record in records:
        to.add(record)
    return to.finish(foot, complete, stopped)


def names(folder):
    return sorted(os.listdir(folder))


def test_a_file_is_whole_or_as_it_was(tmp_path):
    file = tmp_path / "o.json"
    file.write_text("old")
    to = destination(str(file), "--output")
    to.check()
    assert names(tmp_path) == ["o.json"]
    to.open()
    to.add("[1")
    assert file.read_text() == "old"
    (partial,) = set(names(tmp_path)) - {"o.json"}
    assert partial.startswith(".o.json.")
    assert partial.endswith(".part")
    assert to.finish("]", True, False) == str(file)
    assert (file.read_text(), names(tmp_path)) == ("[1]", ["o.json"])


def test_a_discarded_file_leaves_nothing(tmp_path):
    to = destination(str(tmp_path / "o.csv"), "--output")
    to.open()
    to.add("a")
    to.discard()
    assert names(tmp_path) == []


def test_permissions_are_those_of_a_plain_open_or_of_the_file_that_stood_there(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path / "new.csv", "a")
        old = tmp_path / "old.csv"
        old.write_text("old")
        os.chmod(old, 0o604)
        write(old, "a")
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(tmp_path / "new.csv").st_mode) == 0o640
    assert stat.S_IMODE(os.stat(old).st_mode) == 0o604


def test_links_keep_pointing(tmp_path):
    (tmp_path / "folder").mkdir()
    for name, target in (("link", "folder/there"), ("dangling", "folder/not-yet"), ("twice", "link")):
        (tmp_path / name).symlink_to(target)
    (tmp_path / "folder" / "there").write_text("old")
    write(tmp_path / "twice", "new")
    write(tmp_path / "dangling", "new")
    assert all((tmp_path / name).is_symlink() for name in ("link", "dangling", "twice"))
    assert (tmp_path / "folder" / "there").read_text() == (tmp_path / "folder" / "not-yet").read_text() == "new"
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("a longer old content")
    os.link(one, other)
    write(one, "new")
    assert (other.read_text(), os.path.samefile(one, other)) == ("new", True)


def test_a_file_in_a_folder_that_takes_no_new_ones_is_written_itself(tmp_path, monkeypatch):
    file, elsewhere = tmp_path / "o.csv", tmp_path / "elsewhere"
    file.write_text("old")
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    opened = os.open

    def refusing(path, flags, *mode):
        if flags & os.O_CREAT and os.path.dirname(path) == str(tmp_path):
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, *mode)

    monkeypatch.setattr(os, "open", refusing)
    write(file, "new")
    assert (file.read_text(), names(elsewhere)) == ("new", [])
    with pytest.raises(InputError, match="new.csv' cannot be written: Permission denied"):
        destination(str(tmp_path / "new.csv"), "--output").check()


def test_a_place_that_takes_no_rename_is_written_itself(tmp_path, monkeypatch):
    file = tmp_path / "o.csv"
    file.write_text("old")
    monkeypatch.setattr(os, "replace", lambda *names: (_ for _ in ()).throw(OSError(16, "Device or resource busy")))
    write(file, "new")
    assert (file.read_text(), names(tmp_path)) == ("new", ["o.csv"])
    with pytest.raises(OutputError, match=r"what was explained is in '.*\.part'"):
        write(tmp_path / "other.csv", "new")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "--output is empty"),
        (".", "it is a folder"),
        ("new/", "the name of a folder"),
        ("no/such/o.csv", "there is no folder"),
        ("file/o.csv", "Not a directory"),
        ("x" * 300, "File name too long"),
        ("loop", "symbolic links"),
        ("a\0b", "null"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_opened(tmp_path, monkeypatch, name, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    before = names(tmp_path)
    with pytest.raises(InputError, match=message):
        destination(name, "--output").check()
    assert names(tmp_path) == before


def test_pipes_devices_and_descriptors_are_written_directly(tmp_path):
    assert isinstance(destination(None, "--output"), Stdout)
    assert isinstance(destination("-", "--output"), Stdout)
    assert isinstance(destination(os.devnull, "--output"), Direct)
    reading, writing = os.pipe()
    assert write(f"/dev/fd/{writing}", "a", foot="b")
    assert os.read(reading, 10) == b"ab"
    os.mkfifo(tmp_path / "pipe")
    end = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write(tmp_path / "pipe", "ab")
    assert os.read(end, 10) == b"ab"
    with pytest.raises(OutputError, match="No space left"):
        write("/dev/full", "a")


def test_a_descriptor_goes_on_where_it_stands(tmp_path):
    with open(tmp_path / "o", "w") as file:
        file.write("before ")
        file.flush()
        write(f"/dev/fd/{file.fileno()}", "new")
        file.seek(0, os.SEEK_END)
        file.write(" after")
    assert (tmp_path / "o").read_text() == "before new after"


def test_a_run_that_ended_early_does_not_take_the_place_of_an_older_file(tmp_path):
    assert write(tmp_path / "new.csv", "a", complete=False) == str(tmp_path / "new.csv")
    old = tmp_path / "old.csv"
    old.write_text("old")
    assert write(old, "a", complete=False) == str(tmp_path / "old.partial.csv")
    assert old.read_text() == "old"
    write(old, "b", complete=False, stopped=True)
    assert old.read_text() == "b"


def test_what_a_full_disk_cut_off_is_left_out(tmp_path, monkeypatch):
    room, written = 10, os.write

    def small(file, data):
        free = room - os.lseek(file, 0, os.SEEK_CUR)
        if free <= 0:
            raise OSError(28, "No space left on device")
        return written(file, bytes(data)[:free])

    to = destination(str(tmp_path / "o.json"), "--output")
    to.open()
    monkeypatch.setattr(os, "write", small)
    to.add("[111")
    to.add(",222")
    with pytest.raises(OutputError, match="No space left"):
        to.add(",333")
    assert (to.finish("\n]\n", False, False), to.records) == (str(tmp_path / "o.json"), 1)
    assert (tmp_path / "o.json").read_text() == "[111\n]\n"


def test_one_file_is_not_two(tmp_path):
    file, other = tmp_path / "a.csv", tmp_path / "b.csv"
    file.write_text("a")
    (tmp_path / "link").symlink_to("a.csv")
    os.link(file, tmp_path / "hard")
    made = {name: destination(str(tmp_path / name), "--output") for name in ("a.csv", "b.csv", "link", "hard")}
    for name in ("a.csv", "link", "hard"):
        with pytest.raises(InputError, match="is the file that --input reads"):
            require_apart([("--output", made[name])], [("--input", str(file))])
        with pytest.raises(InputError, match="are both"):
            require_apart([("--output", made["a.csv"]), ("--html", made[name])], [])
    with pytest.raises(InputError, match="are both"):
        require_apart([("--output", made["b.csv"]), ("--html", destination(str(other), "--html"))], [])
    require_apart([("--output", made["a.csv"]), ("--html", made["b.csv"])], [("--input", str(tmp_path / "in"))])
    nothing = [(option, destination(os.devnull, option)) for option in ("--output", "--html")]
    require_apart(nothing, [("--input", os.devnull)])
    assert isinstance(made["b.csv"], Beside)
