"""The machine that computes: number formats, memory of the process, and a torch without CUDA's libraries."""
