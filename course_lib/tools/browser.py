"""A learner in a real browser, for tests and pictures: JupyterLab as `course lab` starts it.

Needs Chromium (or Chrome) on the machine; playwright drives it and downloads nothing.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Locator, Page, Request, Route, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# The command line, for another root than this checkout's: the user's work/ stays out of it.
COURSE = """
import sys
from pathlib import Path
from course_lib.tools import cli
cli.project_root = lambda: Path(sys.argv[1])
cli.main(sys.argv[2:])
"""
OWN_FOLDERS = (
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
    "IPYTHONDIR",
)


def find_browser() -> str | None:
    """The path of a browser that playwright can drive; None if there is none."""
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


def course(root: Path, *args: str) -> list[str]:
    """The command `course ARGS` for a root of our own."""
    return [sys.executable, "-c", COURSE, str(root), *args]


@contextmanager
def running_lab(root: Path, settings: Path) -> Iterator[str]:
    """`course lab` in a root of our own, with fresh settings; gives its address."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    options = [
        "--no-browser",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=",
        "--LabApp.expose_app_in_browser=True",
        *(["--allow-root"] if hasattr(os, "getuid") and os.getuid() == 0 else []),
    ]
    folders = {name: str(settings / name.lower()) for name in OWN_FOLDERS}
    with (settings / "server.log").open("ab") as log:
        server = subprocess.Popen(
            course(root, "lab", *options),
            env={**os.environ, **folders},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait_until_it_answers(url, server, settings / "server.log")
            yield url
        finally:
            _stop(server)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{url}/api", timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and, with it, its kernels."""
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGTERM)
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


@contextmanager
def open_page(width: int = 1280, height: int = 900) -> Iterator["Learner"]:
    """A fresh browser window with nothing in it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(QUIET))
        try:
            yield Learner(browser.new_page(viewport={"width": width, "height": height}))
        finally:
            browser.close()


NOT_OURS = ("link-in-text-block",)  # how links look is JupyterLab's own style


class Learner:
    """Someone at the keyboard. Keeps what the browser complains of, and what it asks the world."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        self.left_the_machine: list[str] = []
        page.set_default_timeout(60_000)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._see)
        page.on("dialog", lambda dialog: dialog.accept())
        page.route(lambda url: not _is_local(url), lambda route: self._block(route))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _see(self, request: Request) -> None:
        if not _is_local(request.url):
            self.left_the_machine.append(request.url)

    def _block(self, route: Route) -> None:
        route.abort()

    def open_lab(self, url: str, theme: str = "JupyterLab Light") -> None:
        """Open JupyterLab, its side bar with the files in view."""
        self.page.goto(f"{url}/lab?reset")
        self.page.wait_for_selector(".jp-DirListing-item")
        self.change_theme(theme)

    def change_theme(self, theme: str) -> None:
        self.run_command("apputils:change-theme", theme=theme)
        name = f'body[data-jp-theme-name="{theme}"]'
        self.page.wait_for_selector(name, state="attached")

    def run_command(self, command: str, **args: Any) -> None:
        """One of JupyterLab's commands. It is started, not waited for."""
        self.page.evaluate(
            "([command, args]) => { void window.jupyterapp.commands.execute(command, args) }",
            [command, args],
        )

    def open_chapter(self, file_name: str) -> None:
        """Double-click a chapter in the file browser, and wait for its kernel."""
        self.page.locator(f'.jp-DirListing-item:has-text("{file_name}")').first.dblclick()
        self.page.wait_for_selector(f'.lm-TabBar-tab.lm-mod-current:has-text("{file_name}")')
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        self.page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status"
            " === 'idle'"
        )

    def run_all(self, seconds: float = 180) -> None:
        """Run All Cells, and wait until each code cell has its number."""
        self.run_command("notebook:run-all-cells")
        self.page.wait_for_function(
            "() => [...window.jupyterapp.shell.currentWidget.content.model.cells]"
            ".every(cell => cell.type !== 'code' || cell.executionCount)",
            timeout=1000 * seconds,
        )
        self.wait_until_idle()

    def index(self, cell_id: str) -> int:
        """Where in the notebook a cell stands."""
        return self._ids().index(cell_id)

    def _ids(self) -> list[str]:
        ids: list[str] = self.page.evaluate(
            "[...window.jupyterapp.shell.currentWidget.content.model.cells].map(cell => cell.id)"
        )
        return ids

    def _next_id(self, cell_id: str) -> str:
        return self._ids()[self.index(cell_id) + 1]

    def cell(self, cell_id: str) -> Locator:
        """A cell on the page, scrolled into view."""
        found = self.page.locator(".jp-Notebook .jp-Cell").nth(self.index(cell_id))
        found.scroll_into_view_if_needed()
        return found

    def find(self, code: str) -> str:
        """The id of the first cell that contains this code."""
        found: str = self.page.evaluate(
            "code => [...window.jupyterapp.shell.currentWidget.content.model.cells]"
            ".find(cell => cell.sharedModel.source.includes(code)).id",
            code,
        )
        return found

    def source(self, cell_id: str) -> str:
        """The code that stands in a cell, as the learner reads it."""
        self.cell(cell_id).locator(".cm-line").first.wait_for()
        return self.cell(cell_id).locator(".cm-content").inner_text()

    def write(self, cell_id: str, code: str) -> None:
        """Type code into a cell, in place of what is there."""
        self.cell(cell_id).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(code)

    def run(self, cell_id: str) -> None:
        """Run a cell by Shift+Enter, and wait until it is done."""
        cell = self.cell(cell_id)
        before = self._number(cell_id)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(
            "([i, before]) => { const cell = window.jupyterapp.shell.currentWidget.content.model"
            ".cells.get(i); return cell.executionCount && cell.executionCount !== before }",
            arg=[self.index(cell_id), before],
        )
        self.wait_until_idle()

    def _number(self, cell_id: str) -> int | None:
        number: int | None = self.page.evaluate(
            "i => window.jupyterapp.shell.currentWidget.content.model.cells.get(i).executionCount",
            self.index(cell_id),
        )
        return number

    def output(self, cell_id: str) -> str:
        """What stands under a cell, as the learner reads it."""
        areas = self.cell(cell_id).locator(".jp-OutputArea-output")
        areas.first.wait_for(state="visible")
        self.page.wait_for_function(
            "area => area.innerText.trim() || area.querySelector('img')",  # drawn once in view
            arg=areas.first.element_handle(),
        )
        return "\n".join(areas.all_inner_texts())

    def add_cell_below(self, cell_id: str, code: str) -> None:
        """Add a cell under another one, type code into it, and run it."""
        self.cell(cell_id).locator(".jp-InputPrompt").click()
        self.page.keyboard.press("b")
        self.write(self._next_id(cell_id), code)
        self.run(self._next_id(cell_id))

    def output_below(self, cell_id: str) -> str:
        """What stands under the cell after this one."""
        return self.output(self._next_id(cell_id))

    def reload_from_disk(self, expected: str) -> None:
        """File > Reload Notebook from Disk, with a yes to "Are you sure?" if that is asked.

        Waits until `expected` stands in a cell.
        """
        self.page.evaluate(
            """async () => {
                const yes = () => document.querySelector('.jp-Dialog .jp-mod-accept')?.click();
                const listening = setInterval(yes, 50);
                await window.jupyterapp.commands.execute('docmanager:reload');
                clearInterval(listening);
            }"""
        )
        self.page.wait_for_function(
            "expected => [...window.jupyterapp.shell.currentWidget.content.model.cells]"
            ".some(cell => cell.sharedModel.source.includes(expected))",
            arg=expected,
        )

    def photograph(self, first: str, last: str) -> bytes:
        """A PNG of the page from one cell to another; both must fit into the window."""
        cells = self.cell(first), self.cell(last)
        top, bottom = (cell.bounding_box() for cell in cells)
        assert top
        assert bottom
        height = bottom["y"] + bottom["height"] - top["y"]
        return self.page.screenshot(clip={**top, "height": height})

    def faults(self) -> list[str]:
        """What bars people with disabilities from text and outputs, as axe-core finds it."""
        ours = {"include": [[".jp-RenderedMarkdown"], [".jp-OutputArea-output"]]}
        found = Axe().run(self.page, context=ours).response["violations"]
        return [
            f"{fault['impact']}: {fault['help']}: {node['html'][:200]}"
            for fault in found
            if fault["impact"] in ("serious", "critical") and fault["id"] not in NOT_OURS
            for node in fault["nodes"]
        ]

    def save(self) -> None:
        self.run_command("docmanager:save")
        self.page.wait_for_function(
            "() => !window.jupyterapp.shell.currentWidget.context.model.dirty"
        )


def _is_local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:", "about:"))
