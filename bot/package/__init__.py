"""The Teams app as one zip."""
