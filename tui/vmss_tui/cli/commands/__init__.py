"""One module a command or a family of commands; `cli.catalogue` says which. Imported only when they run."""
