"""A drawn component by itself on an empty page: no server, no Gradio around it, so it is there at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

from saliency.ui.shared.component import Component, shared_script

# `send` is the server's half of the component: a new value.
_RUN = """([script, props]) => {
    let changed = () => {};
    const scope = { element: document.body, props, watch: (_, listener) => (changed = listener), trigger: () => {} };
    window.send = (value) => { props.value = value; changed(); };
    new Function(...Object.keys(scope), script)(...Object.values(scope));
}"""


@contextmanager
def alone(browser: Browser, component: Component, **props: Any) -> Iterator[Page]:
    """The component's page; ends with an error where its script failed."""
    wrong: list[str] = []
    page = browser.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.set_content(component.html_template)
    page.add_script_tag(content=shared_script())
    page.evaluate(_RUN, [component.js_on_load, props])
    yield page
    page.close()
    assert wrong == []
