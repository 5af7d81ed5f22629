"""How requests reach ARM: connections, pipeline policies, quota."""
