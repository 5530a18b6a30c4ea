"""Fine grained saliency."""
