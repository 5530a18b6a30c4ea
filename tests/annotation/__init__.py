"""Annotation of salient objects."""
