"""How long the server keeps what visitors sent and what was made for them."""

SECONDS = 24 * 60 * 60  # a day: a class goes on after its break, or in the afternoon, with what it had
