import errno
import os
from pathlib import Path

import pytest

from course_lib.files import write_bytes, write_text, write_with


def test_a_file_is_replaced(tmp_path):
    path = tmp_path / "file.txt"
    write_text(path, "old")
    write_text(path, "größer\n")
    assert path.read_bytes() == "größer\n".encode()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("stage", ["write_bytes", "fsync", "replace"])
def test_whatever_fails_the_old_file_stays_and_nothing_else(tmp_path, monkeypatch, stage):
    path = tmp_path / "file.txt"
    write_bytes(path, b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os if stage == "fsync" else Path, stage, full)
        with pytest.raises(OSError, match="No space left"):
            write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_half_a_file_is_taken_away(tmp_path):
    def half(aside):
        aside.write_bytes(b"ne")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_with(tmp_path / "file.txt", half)
    assert list(tmp_path.iterdir()) == []
