"""vmss-tui: roll out custom scripts over Azure virtual machine scale sets from a terminal."""

__version__ = "0.1.0"
