"""The command line: the composition root, the only place where a gateway meets an app or an engine.

Stdout is written by `output` only, stderr and exit codes by `diagnostics` only. Commands are imported one at a time.
"""
