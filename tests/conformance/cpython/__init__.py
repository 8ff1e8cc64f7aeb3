"""CPython's own test suite, packed into programs that the service runs."""
