"""A picture that is no example; its licence is in assets/LICENCES.md."""

from pathlib import Path

COFFEE = Path(__file__).with_name("coffee.jpg")  # 600 x 400 pixels
