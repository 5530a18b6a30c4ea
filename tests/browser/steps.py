"""Work that a test sees begin, and holds up as long as it likes."""

from __future__ import annotations

import threading

from tests.browser.conftest import PATIENCE


class Steps:
    """Steps of the work, counted; the first waits until the test lets it go on."""

    def __init__(self):
        self.begun: list[str] = []
        self.reached, self.go_on = threading.Event(), threading.Event()

    def __call__(self, name, step):
        def counted(*arguments, **options):
            self.begun.append(name)
            self.reached.set()
            assert self.go_on.wait(PATIENCE / 1000)
            return step(*arguments, **options)

        return counted
