"""The web app."""

from saliency.ui.builder import build, launch_options

__all__ = ["build", "launch_options"]
