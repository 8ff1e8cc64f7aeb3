"""The executor: owns the sandboxes of one machine and serves the contract."""
