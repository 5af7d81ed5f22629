"""`vmss-tui profiles …`."""
