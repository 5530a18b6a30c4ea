"""Numbers and names that the whole page goes by."""

from __future__ import annotations

ENGINE = "engine"  # the queue of everything that runs models: its events run one after the other

# How long the server keeps what visitors sent and what was made for them: a day, so that a class goes on after its
# break, or in the afternoon, with what it had.
KEPT_SECONDS = 24 * 60 * 60
