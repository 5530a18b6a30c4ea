"""Saliency models and their parts: trunks, text encoders, the object detector, grounding."""
