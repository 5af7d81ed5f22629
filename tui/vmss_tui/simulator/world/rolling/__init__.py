"""Azure's rolling upgrades: which instances a batch takes, and batch after batch until the end."""
