"""Notebooks under pytest: nbval runs them, and this closes what nbval lets pass.

- A cell tagged `raises-exception` must raise, and nothing but `CheckFailed`.
- A cell that stops without an error message, as at a bad magic, fails; so does `exit()`.
- Standard error stays empty, but in a cell tagged `stderr-ok`; a traceback never passes there.
- A dead kernel is noticed within seconds, not at the cell's timeout.

Pictures in HTML outputs are compared by their alt text, not by their bytes.
"""

import os
import time
from collections.abc import Callable, Iterator
from queue import Empty
from typing import Any

import pytest

from course_lib.tools import kernels

PICTURE_BYTES = r"data:image/png;base64,[A-Za-z0-9+/=\s]*"


def pytest_configure() -> None:
    """Run every test, and every kernel that a test starts, under the same conditions."""
    os.environ.update(kernels.FIXED)
    os.environ.pop("COURSE_DATA", None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    if type(item).__name__ != "IPyNbCell":
        return (yield)
    cell: Any = item
    cell.parent.sanitize_patterns[PICTURE_BYTES] = "picture"
    replies: list[dict[str, Any]] = []
    cell.parent.kernel.await_reply = _watched(cell, replies)
    result = yield
    if complaint := _complaint(cell, replies[-1]):
        cell.raise_cell_error(complaint)
    return result


def _complaint(cell: Any, reply: dict[str, Any]) -> str | None:
    """What is wrong with a cell that nbval has passed."""
    errors = [out.ename for out in cell.test_outputs if out.output_type == "error"]
    streams = [out for out in cell.test_outputs if out.output_type == "stream"]
    stderr = "".join(out.text for out in streams if out.name == "stderr")
    if any(payload.get("source") == "ask_exit" for payload in reply.get("payload", [])):
        return "The cell ends the kernel"
    if cell.options["check_exception"]:
        if not errors:
            return "Tagged raises-exception, but the cell raised nothing"
        if errors != ["CheckFailed"]:
            return f"Only CheckFailed may be raised, not {errors[0]}"
    elif reply["status"] != "ok":
        return f"The cell stopped unseen: {reply.get('ename')}: {reply.get('evalue')}"
    allowed = "stderr-ok" in cell.cell.metadata.get("tags", [])
    if stderr and (not allowed or "Traceback (most recent call last)" in stderr):
        return f"Standard error is not empty: {stderr.strip()}"
    return None


def _watched(cell: Any, replies: list[dict[str, Any]]) -> Callable[..., None]:
    """nbval's `RunningKernel.await_reply`, which keeps the reply and notices a dead kernel."""
    kernel = cell.parent.kernel

    def await_reply(msg_id: str, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while True:
            try:
                message = kernel.get_message("shell", timeout=1)
            except Empty:
                if not kernel.is_alive():
                    cell.raise_cell_error("The kernel died while it ran this cell")
                if time.monotonic() > deadline:
                    raise
                continue
            if message["parent_header"].get("msg_id") == msg_id:
                replies.append(message["content"])
                return

    return await_reply
