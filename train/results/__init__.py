"""``python -m train.results``: measure every shipped checkpoint and write RESULTS.md, the cards and the figures."""
