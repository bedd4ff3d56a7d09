"""Take the README's pictures from the solved notebooks: python docs/make_pictures.py"""

import base64
import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
PICTURE = re.compile(r'<img alt="(?P<alt>[^"]*)" src="data:image/png;base64,(?P<data>[^"]*)">')

# file name, chapter, and how the picture's description begins
WANTED = [("cross_attention.png", "09_translation", "Nobody told the model")]


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


for name, chapter, beginning in WANTED:
    (ROOT / "docs" / name).write_bytes(picture(chapter, beginning))
    print(f"docs/{name}")
