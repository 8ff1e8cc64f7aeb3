"""A hundred things that hostile, broken or merely odd programs and clients do, by their numbers."""
