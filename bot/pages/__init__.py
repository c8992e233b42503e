"""What others read from us over HTTP."""
