"""One module per command of the command line, each ending in its `COMMANDS`.

A module imports what it runs inside the function: `--help` stays quick.
"""
