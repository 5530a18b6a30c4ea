"""The page around the tabs: its head, theme, address and documentation."""
