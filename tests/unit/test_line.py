"""The waiting line."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from faaspool_gateway.core.line import Entry, Line

TURNS, PLACES = 2, 3


class LineMachine(RuleBasedStateMachine):
    """Compares the line with a plain list, whatever comes in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.line: Line[int] = Line(turns=TURNS, places=PLACES)
        self.holding = 0
        self.waiting: list[int] = []
        self.number = 0

    @rule()
    def join(self) -> None:
        """A ticket is granted, waits or is refused as there is room."""
        self.number += 1
        entry = self.line.join(self.number)
        if self.holding < TURNS:
            assert entry is Entry.GRANTED
            self.holding += 1
        elif len(self.waiting) < PLACES:
            assert entry is Entry.WAITING
            self.waiting.append(self.number)
        else:
            assert entry is Entry.REFUSED

    @precondition(lambda self: self.holding)
    @rule()
    def release(self) -> None:
        """A turn passes to the first that waits."""
        following = self.line.release()
        if self.waiting:
            assert following == self.waiting.pop(0)
        else:
            assert following is None
            self.holding -= 1

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """A ticket that leaves is not waited for."""
        ticket = data.draw(st.sampled_from(self.waiting))
        self.line.leave(ticket)
        self.waiting.remove(ticket)
        assert not self.line.waits(ticket)

    @invariant()
    def counts_agree(self) -> None:
        """Nobody waits while a turn is free."""
        assert (self.line.running, self.line.waiting) == (self.holding, len(self.waiting))
        assert self.line.running == TURNS or self.line.waiting == 0


TestLine = LineMachine.TestCase
