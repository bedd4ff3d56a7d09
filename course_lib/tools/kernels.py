"""Run a notebook in a kernel, under the conditions that its stored outputs are held to."""

import os
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

FIXED = {"OMP_NUM_THREADS": "2", "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
CELL_TIMEOUT = 1800  # seconds


class CellFailed(Exception):
    """A cell that stopped: its place among the cells, from 0, and the error in one line."""

    def __init__(self, index: int, error: str) -> None:
        super().__init__(f"cell {index}: {error}")
        self.index, self.error = index, error


def environment() -> dict[str, str]:
    """This process's environment with two threads, no hub, and no data folder of the user's."""
    return {k: v for k, v in os.environ.items() if k != "COURSE_DATA"} | FIXED


def run(notebook: NotebookNode, folder: Path) -> None:
    """Execute a notebook in place, in `folder`. Raises CellFailed at the first cell that stops."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    reached = 0

    def note(cell: NotebookNode, cell_index: int) -> None:
        nonlocal reached
        reached = cell_index

    settings: dict[str, Any] = {"resources": {"metadata": {"path": str(folder)}}}
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        allow_errors=False,
        record_timing=False,
        coalesce_streams=True,
        on_cell_execute=note,
        **settings,
    )
    try:
        client.execute(env=environment())
    except CellExecutionError as error:
        first, *_ = (error.evalue or "").splitlines() or [""]
        raise CellFailed(reached, f"{error.ename}: {first}".rstrip(": ")) from None
    except CellTimeoutError:
        raise CellFailed(reached, f"no end after {CELL_TIMEOUT} s") from None
    except DeadKernelError:
        raise CellFailed(reached, "the kernel died (out of memory?)") from None
