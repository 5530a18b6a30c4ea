"""What the page says of itself before a script runs, as a search engine or a messenger gets it."""

from __future__ import annotations

from html.parser import HTMLParser
from io import BytesIO

import gradio as gr
import httpx
import pytest
from PIL import Image

from saliency.ui.page import face_mesh
from saliency.ui.page.page_head import described
from tests.ui.serving import serving


class Head(HTMLParser):
    """The <meta> of a page, and its title."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.metas: list[tuple[str, str]] = []
        self.title = ""
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.inside = tag == "title"
        if tag == "meta" and "content" in given:
            self.metas.append((given.get("property") or given.get("name"), given["content"]))

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        self.title += data if self.inside else ""


def little() -> gr.Blocks:
    with gr.Blocks() as demo:
        gr.Markdown("Hello")
    return demo


@pytest.fixture(scope="module")
def address():
    with serving(little) as address:
        yield address


def test_text_is_compressed_and_pictures_are_not(address):
    with httpx.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as response:
        assert response.headers["content-encoding"] == "gzip"
        assert len(b"".join(response.iter_raw())) < 0.5 * len(
            httpx.get(address, headers={"Accept-Encoding": ""}).content
        )
    preview = httpx.get(f"{address}/preview.jpg", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in preview.headers


def test_the_page_is_described_once_and_not_as_gradio(address):
    response = httpx.get(address)
    head = Head(response.text)
    metas = dict(head.metas)
    assert len(metas) == len(head.metas)
    assert head.title == metas["og:site_name"] == "Text-guided visual attention"
    assert metas["og:title"] == metas["twitter:title"] == "Where do people look after reading a sentence?"
    assert metas["og:url"] == address
    assert metas["description"] == metas["og:description"]
    assert not any("radio" in content or "{url}" in content for _, content in head.metas)
    assert "window.gradio_config" in response.text


def test_the_picture_it_names_can_be_fetched(address):
    metas = dict(Head(httpx.get(address).text).metas)
    picture = Image.open(BytesIO(httpx.get(metas["og:image"]).content))
    assert picture.width / picture.height == pytest.approx(1200 / 630, rel=0.01)
    assert metas["og:image"] == metas["twitter:image"]


def test_behind_a_proxy_addresses_are_the_visitors(address):
    forwarded = {"X-Forwarded-Host": "demo.example.org", "X-Forwarded-Proto": "https"}
    metas = dict(Head(httpx.get(address, headers=forwarded).text).metas)
    assert metas["og:url"] == "https://demo.example.org/"


@pytest.mark.parametrize(("name", "kind"), face_mesh.FILES.items())
def test_the_library_of_landmarks_is_served_with_its_types(address, name, kind):
    response = httpx.get(f"{address}{face_mesh.PREFIX}{name}")
    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == kind
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.content == (face_mesh.FOLDER / name).read_bytes()


@pytest.mark.parametrize("name", ["README.md", "..%2FLICENCES.md", "../../LICENSE", "%2Fetc%2Fpasswd", ""])
def test_nothing_else_of_its_folder_is_served(address, name):
    response = httpx.get(f"{address}{face_mesh.PREFIX}{name}")
    assert response.status_code == 404


def test_what_is_no_page_passes(address):
    assert httpx.get(f"{address}config").json()["title"] == "Gradio"
    assert httpx.head(address).status_code == 200


def test_other_metas_and_the_end_of_the_head_stay():
    page = '<head><meta charset="utf-8"/><meta property="og:title"\n content="Gradio" /></head><body>&amp;</body>'
    made = described(page, "http://x")
    assert made.startswith('<head><meta charset="utf-8"/><title>')
    assert made.endswith("</head><body>&amp;</body>")
