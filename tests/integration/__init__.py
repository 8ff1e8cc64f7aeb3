"""The executor as a whole, started for real."""
