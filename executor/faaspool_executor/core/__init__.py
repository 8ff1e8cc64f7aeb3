"""Decisions without I/O: time is an argument, the result is data."""
