"""What several tabs have in common: components, texts, forms, messages."""
