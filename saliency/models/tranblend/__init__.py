"""TranBlend."""
