"""A hub on this machine: files in folders named after repositories, served as huggingface.co serves them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

COMMIT = "0" * 40


class _Files(BaseHTTPRequestHandler):
    def __init__(self, root: Path, *arguments) -> None:
        self.root = root
        super().__init__(*arguments)

    def do_HEAD(self) -> None:  # the name that the base class calls
        self._answer()

    def do_GET(self) -> None:
        content = self._answer()
        if content is not None:
            self.wfile.write(content)

    def _answer(self) -> bytes | None:
        """Send the headers of OWNER/NAME/resolve/REVISION/FILE; its content, or None where there is none."""
        repository, _, rest = self.path.lstrip("/").partition("/resolve/")
        file = self.root / repository / rest.partition("/")[2]
        if not file.is_file():
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        content = file.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        return content

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def serving_hub(root: Path, cache: Path) -> Iterator[dict[str, str]]:
    """Serve the folders OWNER/NAME in `root`; yields the environment of a process that uses this hub.

    Args:
        cache: where that process stores what it fetches.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, root))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        yield {"HF_ENDPOINT": address, "HF_HOME": str(cache), "HF_HUB_DISABLE_XET": "1", "NO_PROXY": "127.0.0.1"}
    finally:
        server.shutdown()
        server.server_close()
