"""Where profiles, drafts and their small state are kept."""
