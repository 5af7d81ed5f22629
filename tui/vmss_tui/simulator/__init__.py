"""A simulator of Azure Resource Manager and Entra ID on loopback; it imports nothing else of vmss_tui."""
