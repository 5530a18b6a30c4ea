"""The queues that events wait in; those of one queue run one after the other."""

ENGINE = "engine"  # everything that runs models
