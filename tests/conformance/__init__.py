"""The HTTP contract, tested from outside: every deployment has to pass this suite unchanged."""
