import errno
import os
from pathlib import Path

import pytest

from course_lib.files import write_bytes, write_text


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


def test_half_a_file_is_taken_away(tmp_path, monkeypatch):
    whole = Path.write_bytes

    def half(path, content):
        whole(path, content[:2])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(tmp_path / "file.txt", b"new")
    assert list(tmp_path.iterdir()) == []
