"""What the service costs, measured; nothing here passes or fails."""
