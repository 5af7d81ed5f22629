"""Commands that start a simulated Azure."""
