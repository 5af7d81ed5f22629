"""One module a command or a family of commands; `cli.help` says which. Imported only when they run."""
