import pytest
from test_nothing_is_lost import cut_short, refuse

from course_lib.files import write_bytes, write_text


def test_a_file_is_replaced(tmp_path):
    path = tmp_path / "file.txt"
    write_text(path, "old")
    write_text(path, "größer\n")
    assert path.read_bytes() == "größer\n".encode()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("number", "call"), enumerate(["write", "fsync", "replace"]))
def test_whatever_fails_the_old_file_stays_and_nothing_else(tmp_path, number, call):
    path = tmp_path / "file.txt"
    write_bytes(path, b"old")
    with cut_short(number, refuse) as calls, pytest.raises(OSError, match="No space left"):
        write_bytes(path, b"new")
    assert calls[-1] == call
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_half_a_file_is_taken_away(tmp_path):
    def interrupt():
        raise KeyboardInterrupt

    with cut_short(0, interrupt), pytest.raises(KeyboardInterrupt):
        write_bytes(tmp_path / "file.txt", b"new")
    assert list(tmp_path.iterdir()) == []
