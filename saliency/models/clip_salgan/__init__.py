"""CLIP-SalGAN."""
