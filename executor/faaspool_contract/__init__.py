"""The wire: what clients send and what they get back. Standard library and pydantic, nothing else."""
