"""The page around the tabs: its head, look, address and documentation."""
