"""The measurements behind RESULTS.md: ``saliency results`` scores every checkpoint and writes tables and figures."""
