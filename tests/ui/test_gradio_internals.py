"""What the app uses of Gradio beyond its documented interface is still there and does what it is used for."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest

from saliency.ui.gradio_internals import (
    UnknownEndpoint,
    described_parameters,
    handling,
    kept_file,
    names_unmarked_file,
    root_of,
    served,
    served_file,
    visitors_request,
)


def test_the_request_is_known_within_an_event_alone():
    request = gr.Request(headers={"accept-language": "zh"})
    assert visitors_request() is None
    with handling(request):
        assert visitors_request() is request
    assert visitors_request() is None


def test_a_docstring_says_what_parameters_are():
    def handler(one, two):
        """Does it.

        Args:
            one: The first.
            two: The second, on
                two lines.
        """

    described = described_parameters(handler)
    assert described["one"] == "The first."
    assert described["two"].startswith("The second")


def test_an_address_is_the_browsers_without_a_slash():
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [(b"host", b"example.org")],
        "server": ("127.0.0.1", 7860),
        "scheme": "https",
        "root_path": "",
    }
    assert root_of(scope) == "https://example.org"


@pytest.mark.parametrize(
    ("value", "unmarked"),
    [
        ({"path": "/a"}, True),
        ([1, {"deep": [{"path": "/a", "meta": {}}]}], True),
        ({"path": "/a", "meta": {"_type": "gradio.FileData"}}, False),
        (["/a", None, {"other": 1}], False),
    ],
)
def test_a_file_without_its_mark_is_found_anywhere(value, unmarked):
    assert names_unmarked_file(value) is unmarked


def test_files_are_copied_to_where_gradio_serves_and_deletes_them(tmp_path):
    with gr.Blocks():
        component = gr.DownloadButton()
    (tmp_path / "a.txt").write_text("made")
    path = kept_file(component, tmp_path / "a.txt")
    assert Path(path).read_text() == "made"
    assert path != str(tmp_path / "a.txt")
    assert path in component.temp_files
    named = served(component, b"bytes", "b.bin", "application/x")
    assert Path(named["path"]).read_bytes() == b"bytes"
    assert (named["mime_type"], named["meta"]["_type"]) == ("application/x", "gradio.FileData")
    assert named["path"] in component.temp_files
    named = served_file(component, tmp_path / "a.txt", "text/plain")
    assert Path(named["path"]).read_text() == "made"
    assert (named["mime_type"], named["meta"]["_type"]) == ("text/plain", "gradio.FileData")
    assert named["path"] in component.temp_files


def test_an_endpoint_that_there_is_not_is_an_error_of_its_own():
    assert issubclass(UnknownEndpoint, Exception)
    from gradio.route_utils import PredictBody, get_fn

    with gr.Blocks() as demo:
        pass
    with pytest.raises(UnknownEndpoint):
        get_fn(demo, "nothing", PredictBody(data=[]))
