"""Trainers on Hugging Face Accelerate: one loop, one method a kind of training."""
