"""Pure code, in memory."""
