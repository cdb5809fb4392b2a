"""The command line, one file a command group. Nothing is imported here: a command imports what it uses."""
