"""Spectral residual."""
