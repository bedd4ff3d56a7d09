"""Take the README's pictures, from a solved notebook and from JupyterLab in a browser.

    python docs/make_pictures.py

Needs the extra `test` and Chromium, or another browser of its family.
"""

import base64
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat

from course_lib.tools.browser import open_page, running_lab

ROOT = Path(__file__).resolve().parent.parent
PICTURE = re.compile(r'<img alt="(?P<alt>[^"]*)" src="data:image/png;base64,(?P<data>[^"]*)">')
CHAPTER = "01_attention_scores.ipynb"
WRONG = '''def stable_softmax(scores: Tensor) -> Tensor:
    """Shares of 1 along the last axis, for scores of any size."""
    powers = (scores - scores.max()).exp()
    return powers / powers.sum(dim=-1, keepdim=True)'''


def picture(chapter: str, beginning: str) -> bytes:
    """The PNG of the only picture of a chapter whose description begins like this."""
    notebook = nbformat.read(ROOT / "solutions" / f"{chapter}.ipynb", as_version=4)
    pages = (
        output["data"].get("text/html", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "data" in output
    )
    found = [m for page in pages for m in PICTURE.finditer(page)]
    (match,) = (m for m in found if m["alt"].startswith(beginning))
    return base64.b64decode(match["data"])


def diagnosis() -> bytes:
    """A wrong answer to exercise 1.1 and what its check says, as they stand in JupyterLab."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "settings").mkdir()
        (root / "notebooks").mkdir()
        shutil.copy(ROOT / "notebooks" / CHAPTER, root / "notebooks")
        with (
            running_lab(root, root / "settings") as url,
            open_page(width=900, height=1400) as learner,
        ):
            learner.open_lab(url)
            learner.open_chapter(CHAPTER)
            learner.run_command("application:toggle-left-area")
            learner.run(learner.find("import torch"))
            learner.write("exercise-1-1", WRONG)
            learner.run("exercise-1-1")
            learner.run("check-1-1")
            learner.output("check-1-1")
            return learner.photograph("exercise-1-1", "check-1-1")


def pictures() -> Iterator[tuple[str, bytes]]:
    """Each picture, by the name of its file."""
    yield "cross_attention.png", picture("09_translation", "Nobody told the model")
    yield "diagnosis.png", diagnosis()


if __name__ == "__main__":
    for name, data in pictures():
        (ROOT / "docs" / name).write_bytes(data)
        print(f"docs/{name}")
