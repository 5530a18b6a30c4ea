"""From public releases to the folders that training reads: one module per form."""
