"""Shortest paths in a maze read from the input, a tiny stack machine, and a report: dataclasses, heaps,
pattern matching, generators, caches, contexts and asyncio."""

import asyncio
import contextlib
import heapq
import json
import re
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from fractions import Fraction
from functools import cached_property, reduce, singledispatch
from itertools import accumulate, pairwise, takewhile
from textwrap import dedent, fill


class Tile(Enum):
    FLOOR = auto()
    WALL = auto()
    SWAMP = auto()

    @property
    def cost(self) -> int:
        match self:
            case Tile.FLOOR:
                return 1
            case Tile.SWAMP:
                return 5
            case _:
                raise ValueError(f"nobody walks on a {self.name.lower()}")


@dataclass(frozen=True, order=True, slots=True)
class Place:
    row: int
    column: int

    def __add__(self, step: "Place") -> "Place":
        return Place(self.row + step.row, self.column + step.column)


STEPS = {"N": Place(-1, 0), "W": Place(0, -1), "E": Place(0, 1), "S": Place(1, 0)}


@dataclass
class Maze:
    tiles: dict[Place, Tile]
    start: Place
    goal: Place
    visited: Counter = field(default_factory=Counter)

    @classmethod
    def parse(cls, text: str) -> "Maze":
        kinds = {"#": Tile.WALL, ".": Tile.FLOOR, "~": Tile.SWAMP, "S": Tile.FLOOR, "G": Tile.FLOOR}
        places = {Place(r, c): mark for r, line in enumerate(text.splitlines()) for c, mark in enumerate(line)}
        marks = defaultdict(list)
        for place, mark in places.items():
            marks[mark].append(place)
        (start,), (goal,) = marks["S"], marks["G"]
        return cls({place: kinds[mark] for place, mark in places.items()}, start, goal)

    @cached_property
    def size(self) -> tuple[int, int]:
        last = max(self.tiles)
        return last.row + 1, last.column + 1

    def exits(self, place: Place) -> Iterator[tuple[str, Place]]:
        for name, step in STEPS.items():
            if (there := place + step) in self.tiles and self.tiles[there] is not Tile.WALL:
                yield name, there

    def search(self, estimate: Callable[[Place, Place], int]) -> tuple[int, str]:
        best = {self.start: 0}
        queue = [(0, 0, self.start, "")]
        while queue:
            _, cost, place, path = heapq.heappop(queue)
            self.visited[estimate.__name__] += 1
            if place == self.goal:
                return cost, path
            for name, there in self.exits(place):
                total = cost + self.tiles[there].cost
                if total < best.get(there, sys.maxsize):
                    best[there] = total
                    heapq.heappush(queue, (total + estimate(there, self.goal), total, there, path + name))
        raise LookupError("there is no way")


def nothing(_place: Place, _goal: Place) -> int:
    return 0


def manhattan(place: Place, goal: Place) -> int:
    return abs(place.row - goal.row) + abs(place.column - goal.column)


class Machine:
    """A stack machine whose instructions are looked up by pattern."""

    def __init__(self) -> None:
        self.stack: deque[Fraction] = deque()
        self.cache: OrderedDict[str, Fraction] = OrderedDict()

    def run(self, program: str) -> Fraction:
        if program in self.cache:
            self.cache.move_to_end(program)
            return self.cache[program]
        for word in program.split():
            match (word, len(self.stack)):
                case (("+" | "-" | "*" | "/") as operator, size) if size >= 2:
                    right, left = self.stack.pop(), self.stack.pop()
                    self.stack.append(self.apply(operator, left, right))
                case ("dup", size) if size:
                    self.stack.append(self.stack[-1])
                case ("swap", size) if size >= 2:
                    self.stack.rotate(1) if size == 2 else self.stack.append(self.stack.pop())
                case (str(number), _) if re.fullmatch(r"-?\d+(/\d+)?", number):
                    self.stack.append(Fraction(number))
                case (str(other), size):
                    raise SyntaxError(f"{other!r} with {size} on the stack")
        self.cache[program] = self.stack.pop()
        while len(self.cache) > 2:
            self.cache.popitem(last=False)
        return self.cache[program]

    @staticmethod
    def apply(operator: str, left: Fraction, right: Fraction) -> Fraction:
        return {"+": left.__add__, "-": left.__sub__, "*": left.__mul__, "/": left.__truediv__}[operator](right)


@singledispatch
def shown(value: object) -> str:
    return str(value)


@shown.register
def _(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}" if value.denominator != 1 else str(value.numerator)


@shown.register(list)
def _(value: list) -> str:
    return "[" + ", ".join(map(shown, value)) + "]"


@contextlib.contextmanager
def reported(name: str) -> Iterator[list[str]]:
    lines: list[str] = []
    try:
        yield lines
    except (ArithmeticError, SyntaxError, LookupError) as error:
        lines.append(f"{type(error).__name__}: {error}")
    finally:
        print(f"== {name}", *lines, sep="\n")


async def gather_squares(count: int) -> list[int]:
    async def square(n: int) -> int:
        await asyncio.sleep((count - n) / 1000)
        return n * n

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(square(n)) for n in range(count)]
    return [task.result() for task in tasks]


def primes() -> Iterator[int]:
    found: dict[int, list[int]] = {}
    number = 2
    while True:
        for divisor in found.pop(number, ()) or found.setdefault(number * number, []).append(number) or (yield number) or ():
            found.setdefault(number + divisor, []).append(divisor)
        number += 1


maze = Maze.parse(sys.stdin.read())
with reported("maze") as lines:
    cost, path = maze.search(nothing)
    again, same = maze.search(manhattan)
    lines += [f"{maze.size[0]} x {maze.size[1]}, cost {cost}, {len(path)} steps", path]
    lines.append(f"a* looked at fewer places: {maze.visited['manhattan'] < maze.visited['nothing']}, same cost: {again == cost}")
with reported("machine") as lines:
    machine = Machine()
    for program in ("1 2 + 3 *", "1/3 1/6 +", "2 dup * dup *", "7 2 swap /", "1 2 + 3 *", "1 0 /"):
        lines.append(f"{program} -> {shown(machine.run(program))}")
with reported("sequences") as lines:
    small = list(takewhile(lambda n: n < 60, primes()))
    lines += [shown(small), shown([b - a for a, b in pairwise(small)]), shown(list(accumulate(small))[-1])]
    lines.append(shown(reduce(lambda total, n: total + Fraction(1, n), small[:6], Fraction(0))))
    lines.append(shown(await gather_squares(8)))
print(fill(dedent("""\
    The quick brown fox jumps over the lazy dog, again and again, until this text
    is long enough to be wrapped."""), width=40, initial_indent="> ", subsequent_indent="> "))
result = json.loads(json.dumps({"cost": cost, "primes": len(small), "cached": list(machine.cache)}))
