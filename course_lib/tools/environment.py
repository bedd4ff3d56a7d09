"""Where the course runs: its folder, and what the machine under it can do (`course doctor`)."""

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import course_lib
from course_lib.errors import CourseError

if TYPE_CHECKING:
    from course_lib.exercises.faces import Face

HUB_CORPORA = ("multi30k", "dialogsum", "xsum")
GB = 1e9


@dataclass(frozen=True)
class Finding:
    """One line of the report. "note" costs the learner something, "broken" stops the course."""

    subject: str
    value: str
    state: Literal["ok", "note", "broken"] = "ok"
    advice: str = ""


def project_root() -> Path:
    """The checkout that this package or the current folder belongs to."""
    package = Path(course_lib.__file__).resolve().parent
    for folder in (package.parent, Path.cwd(), *Path.cwd().parents):
        if (folder / "pyproject.toml").is_file() and (folder / "notebooks").is_dir():
            return folder
    raise CourseError(
        f"no checkout of the course in {Path.cwd()} or above: change to its folder, the one that "
        "holds `notebooks` and `pyproject.toml`"
    )


def package_finding(name: str, *, needed: bool = True) -> Finding:
    """Is a package installed, and in which version?"""
    try:
        return Finding(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        advice = 'install the course with its packages: pip install -e ".[lab]" -c constraints.txt'
        return Finding(name, "missing", "broken" if needed else "note", advice)


def python_finding(version: tuple[int, int] = sys.version_info[:2]) -> Finding:
    value = f"{platform.python_version()}, {sys.executable}"
    if version < (3, 11):
        return Finding("python", value, "broken", "the course needs Python 3.11 or newer")
    if version > (3, 13):
        return Finding("python", value, "note", "untried: the course was tested with 3.11")
    return Finding("python", value)


def cores_finding() -> Finding:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = os.environ.get("OMP_NUM_THREADS")
    value = f"{usable} usable of {os.cpu_count()}"
    if threads and threads.isdecimal() and int(threads) < (usable or 1):
        advice = "PyTorch uses only so many cores: unset OMP_NUM_THREADS to use all"
        return Finding("cores", f"{value}; OMP_NUM_THREADS={threads}", "note", advice)
    return Finding("cores", value)


def memory_finding(available: float | None = None, needed: float = 3 * GB) -> Finding:
    """Free memory in bytes against what the largest chapter takes, with JupyterLab."""
    import psutil

    memory = psutil.virtual_memory()
    available = memory.available if available is None else available
    value = f"{available / GB:.1f} GB free of {memory.total / GB:.1f}"
    if available < needed:
        return Finding("memory", value, "note", "training may be slow: close other programs")
    return Finding("memory", value)


def disk_finding(folder: Path, free: float | None = None, needed: float = 1 * GB) -> Finding:
    """Free disk in bytes against what saved models and downloads take."""
    free = shutil.disk_usage(folder).free if free is None else free
    value = f"{free / GB:.1f} GB free"
    if free < needed:
        return Finding("disk", value, "note", f"saving models may fail: make room in {folder}")
    return Finding("disk", value)


def device_finding() -> Finding:
    """Does PyTorch start, and on what will `--device auto` train?"""
    try:
        import torch
    except (ImportError, OSError) as error:
        first_line = next(iter(str(error).splitlines()), "no word of why")
        return Finding(
            "device",
            f"PyTorch does not start: {first_line}",
            "broken",
            "delete the folder .venv and call ./course again",
        )
    if torch.cuda.is_available():
        return Finding("device", f"cuda ({torch.cuda.get_device_name()})")
    if torch.backends.mps.is_available():
        return Finding("device", "mps (Apple)")
    return Finding("device", f"cpu, {torch.get_num_threads()} threads (enough for every chapter)")


def hub_finding(timeout: float = 3.0) -> Finding:
    """Can corpora be downloaded? Being offline is no error: `scenes` is always there."""
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    advice = "`scenes` works offline; COURSE_DATA=FOLDER points to local copies of the others"
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return Finding("hub", "switched off by HF_HUB_OFFLINE", "note", advice)
    address = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    request = Request(address, method="HEAD")
    try:
        with urlopen(request, timeout=timeout):
            return Finding("hub", f"{address} answers")
    except HTTPError as error:
        return Finding("hub", f"{address} answers {error.code}", "note", advice)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Finding("hub", f"{address} cannot be reached: {reason}", "note", advice)


def data_finding() -> Finding:
    """What COURSE_DATA, the folder of local corpora, has."""
    setting = os.environ.get("COURSE_DATA")
    if not setting:
        return Finding("COURSE_DATA", "not set (corpora come from the hub)")
    folder = Path(setting)
    if not folder.is_dir():
        advice = "set it to a folder that holds multi30k/ …, or unset it"
        return Finding("COURSE_DATA", f"{setting} is not a folder", "note", advice)
    present = [name for name in HUB_CORPORA if (folder / name).is_dir()]
    if not present:
        advice = f"the course looks there for {', '.join(HUB_CORPORA)}"
        return Finding("COURSE_DATA", f"{setting} has none of our corpora", "note", advice)
    return Finding("COURSE_DATA", f"{setting} has {', '.join(present)}")


def report(root: Path) -> list[Finding]:
    """All findings, in the order in which they are shown."""
    return [
        Finding("course", f"{course_lib.__version__}, {root}"),
        python_finding(),
        package_finding("torch"),
        package_finding("jupyterlab", needed=False),
        cores_finding(),
        memory_finding(),
        device_finding(),
        disk_finding(root),
        hub_finding(),
        data_finding(),
    ]


def show_table(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    marks = {"ok": ("✓", "green"), "note": ("!", "yellow"), "broken": ("✗", "red")}
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for finding in findings:
        words = Text(finding.value)
        if finding.advice:
            words.append(f"\n→ {finding.advice}", style="dim")
        table.add_row(Text(*marks[finding.state]), Text(finding.subject, style="bold"), words)
    Console().print(table)


def show_plain(findings: list[Finding], write: Callable[[str], None] = print) -> None:
    for finding in findings:
        write(f"{finding.state:<7} {finding.subject:<12} {finding.value}")
        if finding.advice:
            write(f"{'':<20} -> {finding.advice}")


def notebook_report(findings: list[Finding] | None = None) -> "Face":
    """The report on this machine (or other findings), as a notebook shows it."""
    from course_lib.exercises.faces import Face, Listing  # starts PyTorch

    findings = report(project_root()) if findings is None else findings
    marks = {"ok": "✓", "note": "!", "broken": "✗"}
    width = max(len(finding.subject) for finding in findings)
    folder = str(Path(course_lib.__file__).resolve().parent.parent)
    lines = []
    for finding in findings:
        value = finding.value.replace(folder, "…")  # a notebook may be handed on
        lines.append(f"{marks[finding.state]} {finding.subject:<{width}}  {value}")
        if finding.advice and finding.state != "ok":
            lines.append(f"    → {finding.advice}")
    broken = sum(finding.state == "broken" for finding in findings)
    listing = (Listing("", "\n".join(lines)),)
    if broken:
        title = f"Not yet: {broken} of these would keep the course from running (marked ✗)"
        return Face("wrong", "✗", title, listing)
    return Face("good", "✓", "Everything that the course needs is here", listing)


def doctor(root: Path) -> int:
    """Print the report. Returns 1 if something would keep the course from running, else 0."""
    findings = report(root)
    (show_table if sys.stdout.isatty() else show_plain)(findings)
    return int(any(finding.state == "broken" for finding in findings))
