"""A hub on 127.0.0.1 with the endpoints of the Hugging Face Hub that `huggingface_hub` needs for models and Spaces.

Large files go by LFS, as there: the client asks where to, uploads them, and commits their sha256. The hub's newer
storage (Xet) is not imitated; clients turn it off.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_of_a_test"
LARGE = (".safetensors", ".jpg", ".png", ".npz")


@dataclass
class FakeHub:
    """What a hub has.

    Attributes:
        address: to be used as ``HF_ENDPOINT``.
        commits: files of every commit, by ``models/owner/name`` or ``spaces/owner/name``, oldest first.
        created: bodies of the requests that created repositories.
        large: contents that came by LFS, by sha256.
        asked: method and path of every request.
        down: whether every request is answered with an internal error.
    """

    address: str = ""
    commits: dict[str, list[dict[str, bytes]]] = field(default_factory=dict)
    created: list[dict[str, Any]] = field(default_factory=list)
    large: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    down: bool = False

    def files(self, name: str) -> dict[str, bytes]:
        """Files of the newest commit, by path."""
        return self.commits[name][-1]

    def commit(self, name: str, files: dict[str, bytes]) -> str:
        """Adds files to those of the newest commit; the new commit's hash."""
        history = self.commits.setdefault(name, [{}])
        history.append(history[-1] | files)
        return commit_hash(len(history) - 1)

    def at(self, name: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        """Hash and files of a commit; None where there is no such repository or revision."""
        history = self.commits.get(name, [])
        hashes = {commit_hash(number): number for number in range(len(history))} | {"main": len(history) - 1}
        if not history or revision not in hashes:
            return None
        return commit_hash(hashes[revision]), history[hashes[revision]]


def commit_hash(number: int) -> str:
    return f"{number:040x}"


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    """A hub that answers while the context lasts."""
    hub = FakeHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.address = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None:
        """Nothing is printed."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_HEAD(self) -> None:
        self._answer("HEAD")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def _answer(self, method: str) -> None:
        path = unquote(urlsplit(self.path).path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.hub.asked.append((method, path))
        if self.hub.down:
            return self._send(500)
        writes = method == "PUT" or path.startswith("/api/repos/") or "/commit/" in path
        # What is uploaded by LFS goes to another server, without the token.
        if writes and method != "PUT" and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._send(401)
        for pattern, answer in _ROUTES:
            if found := re.fullmatch(pattern, f"{method} {path}"):
                return answer(self, body, **found.groupdict())
        return self._send(404)

    def _send(self, status: int, content: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _json(self, value: Any) -> None:
        self._send(200, json.dumps(value).encode(), Content_Type="application/json")

    def _missing(self, name: str) -> None:
        code = "RevisionNotFound" if name in self.hub.commits else "RepoNotFound"
        self._send(404, X_Error_Code=code, X_Error_Message="not found")

    def info(self, _: bytes, name: str, revision: str = "main") -> None:
        if (found := self.hub.at(name, revision)) is None:
            return self._missing(name)
        files = [{"rfilename": path} for path in found[1]]
        return self._json({"id": name.partition("/")[2], "sha": found[0], "siblings": files, "tags": []})

    def tree(self, _: bytes, name: str, revision: str) -> None:
        if (found := self.hub.at(name, revision)) is None:
            return self._missing(name)
        return self._json([_entry(path, content) for path, content in found[1].items()])

    def no_folder(self, _: bytes, name: str) -> None:
        self._send(404, X_Error_Code="EntryNotFound")

    def resolve(self, _: bytes, name: str, revision: str, file: str) -> None:
        kind = name if name.startswith("spaces/") else f"models/{name}"
        found = self.hub.at(kind, revision)
        if found is None:
            return self._missing(kind)
        if file not in found[1]:
            return self._send(404, X_Error_Code="EntryNotFound")
        content = found[1][file]
        tag = hashlib.sha256(content).hexdigest()
        return self._send(200, content, ETag=f'"{tag}"', X_Repo_Commit=found[0], X_Linked_Size=str(len(content)))

    def create(self, body: bytes) -> None:
        asked = json.loads(body)
        self.hub.created.append(asked)
        name = f"{asked.get('organization') or 'me'}/{asked['name']}"
        self.hub.commits.setdefault(f"{asked.get('type', 'model')}s/{name}", [{}])
        self._json({"url": f"{self.hub.address}/{name}", "name": name, "id": name})

    def preupload(self, body: bytes, name: str, revision: str) -> None:
        files = json.loads(body)["files"]
        modes = {file["path"]: "lfs" if file["path"].endswith(LARGE) else "regular" for file in files}
        self._json(
            {"files": [{"path": path, "uploadMode": mode, "shouldIgnore": False} for path, mode in modes.items()]}
        )

    def lfs(self, body: bytes, name: str) -> None:
        objects = [
            file | {"actions": {"upload": {"href": f"{self.hub.address}/storage/{file['oid']}"}}}
            for file in json.loads(body)["objects"]
        ]
        self._json({"transfer": "basic", "objects": objects})

    def store(self, body: bytes, oid: str) -> None:
        if hashlib.sha256(body).hexdigest() != oid:
            return self._send(400)
        self.hub.large[oid] = body
        return self._send(200)

    def validate(self, body: bytes) -> None:
        self._json({"errors": [], "warnings": []})

    def commit(self, body: bytes, name: str, revision: str) -> None:
        files = {}
        for line in body.splitlines():
            asked = json.loads(line)
            value = asked["value"]
            if asked["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif asked["key"] == "lfsFile":
                files[value["path"]] = self.hub.large[value["oid"]]
        oid = self.hub.commit(name, files)
        self._json({"commitUrl": f"{self.hub.address}/{name}/commit/{oid}", "commitOid": oid, "success": True})


def _entry(path: str, content: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "path": path, "size": len(content)}
    entry["oid"] = hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest()
    if path.endswith(LARGE):
        entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return entry


_NAME = r"(?P<name>(models|spaces)/[^/]+/[^/]+)"
_ROUTES = (
    (rf"GET /api/{_NAME}", _Handler.info),
    (rf"GET /api/{_NAME}/revision/(?P<revision>[^/]+)", _Handler.info),
    (rf"GET /api/{_NAME}/tree/(?P<revision>[^/]+)", _Handler.tree),
    (rf"GET /api/{_NAME}/tree/[^/]+/.+", _Handler.no_folder),
    (r"(HEAD|GET) /(?P<name>(spaces/)?[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)", _Handler.resolve),
    (r"POST /api/repos/create", _Handler.create),
    (rf"POST /api/{_NAME}/preupload/(?P<revision>[^/]+)", _Handler.preupload),
    (r"POST /(?P<name>.+)\.git/info/lfs/objects/batch", _Handler.lfs),
    (r"PUT /storage/(?P<oid>\w+)", _Handler.store),
    (r"POST /api/validate-yaml", _Handler.validate),
    (rf"POST /api/{_NAME}/commit/(?P<revision>[^/]+)", _Handler.commit),
)
