"""The front door, shared by every server of the contract: admission, dispatch, answers."""
