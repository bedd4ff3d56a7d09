"""A small stand-in for the Hugging Face hub: a real server on 127.0.0.1, for real clients.

It answers what `datasets.load_dataset` asks of a dataset repository: what is its newest commit,
which files has it, and what is in them. HF_ENDPOINT sends the clients here.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

Files = dict[str, bytes]
Repository = dict[str, Files]  # by branch


def commit(branch: str, files: Files) -> str:
    """The name of the commit that a branch stands at: 40 hexadecimal digits, as Git makes them."""
    return hashlib.sha1(repr((branch, sorted(files.items()))).encode()).hexdigest()


class Hub(ThreadingHTTPServer):
    """`repositories` by name. A request for one in `broken` ends in status 500; for one in `silent`
    it is never answered. `asked` is the log: method and path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.repositories: dict[str, Repository] = {}
        self.broken: set[str] = set()
        self.silent: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.closing = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def running_hub() -> Iterator[Hub]:
    hub = Hub()
    thread = threading.Thread(target=hub.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield hub
    finally:
        hub.closing.set()
        hub.shutdown()
        thread.join()
        hub.server_close()


class Answer(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        self.server.asked.append((self.command, self.path))
        form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        kind, repository, rest = self._parts()
        if repository in self.server.silent:
            self.server.closing.wait()
        elif repository in self.server.broken:
            self._send(b"{}", {}, status=500)
        elif repository not in self.server.repositories:
            self._missing("RepoNotFound")
        else:
            self._answer(kind, repository, rest, form)

    do_HEAD = do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""

    def _parts(self) -> tuple[str, str, list[str]]:
        """What is asked for ("info", "tree", …), of which repository, and the rest of the path."""
        parts = urlsplit(self.path).path.strip("/").split("/")
        parts = parts[1:] if parts[0] == "api" else parts
        kind, *rest = parts[3:] or ["info"]
        return kind, "/".join(parts[1:3]), [unquote(part) for part in rest]

    def _answer(self, kind: str, repository: str, rest: list[str], form: str) -> None:
        branches = self.server.repositories[repository]
        revision = rest[0] if rest else "main"
        branch = next((b for b in branches if revision in (b, commit(b, branches[b]))), None)
        if branch is None:
            self._missing("RevisionNotFound")
            return
        files, path = branches[branch], "/".join(rest[1:])
        sha = commit(branch, files)
        if kind == "resolve":
            if path in files:
                headers = {"X-Repo-Commit": sha, "ETag": f'"{_oid(files[path])}"'}
                self._send(files[path], headers)
            else:
                self._missing("EntryNotFound")
            return
        if kind in ("info", "revision"):
            names = [{"rfilename": name} for name in files]
            self._send_json({"id": repository, "sha": sha, "siblings": names, "tags": []})
        elif kind == "tree":
            deep = "recursive=true" in urlsplit(self.path).query.lower()
            entries = [e for e in _tree(files) if _is_below(e["path"], path, deep)]
            self._send_json(entries) if entries or not path else self._missing("EntryNotFound")
        elif kind == "paths-info":
            wanted = parse_qs(form).get("paths", [])
            self._send_json([entry for entry in _tree(files) if entry["path"] in wanted])

    def _missing(self, code: str) -> None:
        self._send(b"{}", {"X-Error-Code": code}, status=404)

    def _send_json(self, content: object) -> None:
        self._send(json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _send(self, body: bytes, headers: dict[str, str], status: int = 200) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _oid(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


def _tree(files: Files) -> list[dict[str, object]]:
    folders = {
        "/".join(name.split("/")[:n]) for name in files for n in range(1, name.count("/") + 1)
    }
    return [
        *({"type": "directory", "oid": _oid(f.encode()), "size": 0, "path": f} for f in folders),
        *({"type": "file", "oid": _oid(b), "size": len(b), "path": f} for f, b in files.items()),
    ]


def _is_below(name: object, folder: str, deep: bool) -> bool:
    parent = str(name).rpartition("/")[0]
    return parent == folder or (deep and (not folder or parent.startswith(f"{folder}/")))
