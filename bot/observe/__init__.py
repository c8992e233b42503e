"""How the service tells how it is: figures, traces, a log."""
