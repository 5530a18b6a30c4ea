"""Training targets: samples, batches and sentences that exist for training alone."""
