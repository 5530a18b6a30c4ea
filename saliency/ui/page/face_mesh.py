"""Addresses of the library that finds landmarks of a face in the visitor's browser (assets/face_mesh).

The page asks for its files when a visitor records with the camera, and not before.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from saliency.resources import resource

FOLDER = resource("assets/face_mesh")
VERSION = "0.4.1633559619"  # of the package on npm
PREFIX = f"face_mesh/{VERSION}/"  # of every file's address, below the app's
FILES = {
    "face_mesh.js": "text/javascript",
    "face_mesh.binarypb": "application/octet-stream",
    "face_mesh_solution_packed_assets.data": "application/octet-stream",
    "face_mesh_solution_packed_assets_loader.js": "text/javascript",
    "face_mesh_solution_simd_wasm_bin.js": "text/javascript",
    "face_mesh_solution_simd_wasm_bin.wasm": "application/wasm",
}
# The version is in the address, so what a browser has once is never asked for again.
_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


def routes() -> list[Route]:
    """One route per file that is installed; no part of an address becomes a path."""
    return [Route(f"/{PREFIX}{name}", _sender(name)) for name in FILES if (FOLDER / name).is_file()]


def _sender(name: str) -> Callable[[Request], Response]:
    return lambda _: FileResponse(FOLDER / name, media_type=FILES[name], headers=_HEADERS)
