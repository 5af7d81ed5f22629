"""What is wrong or unwise in a profile."""
