"""Sandboxes as processes of the operating system: the only place that starts any."""
