"""Annotation of salient objects: the Annotate tab, and the page of ``saliency annotate``."""
