"""What goes to the terminal: as few bytes as the same picture takes."""
