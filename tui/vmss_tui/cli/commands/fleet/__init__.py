"""Commands that read scale sets."""
