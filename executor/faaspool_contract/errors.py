"""What can be wrong with a request.

ContractError
├── InvalidRequest     the request cannot be carried out as it is (400)
├── KeyReused          its idempotency key was another request's (409)
├── BodyTooLarge       the body is larger than the service reads (413)
└── BodyTooSlow        the body did not come in time (408)
"""


class ContractError(Exception):
    """A request that breaks the contract."""


class InvalidRequest(ContractError):
    """A request that another try cannot cure.

    `field` names what is wrong, `body` where it is the whole; `reason` says what is accepted.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class KeyReused(ContractError):
    """An idempotency key that came with another request before."""

    def __init__(self) -> None:
        super().__init__("Idempotency-Key: was used for another request")


class BodyTooLarge(ContractError):
    """A body of more than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is larger than {limit} bytes")
        self.limit = limit


class BodyTooSlow(ContractError):
    """A body that took more than `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the body did not come within {seconds:g} s")
        self.seconds = seconds
