"""What can go wrong in the executor.

ExecutorError
├── SettingsError      a variable that cannot be read
├── NotPrepared        the runtime is missing or damaged
├── IsolationMissing   a layer of isolation that is required and not to be had
├── CannotListen       the address is taken, or not this machine's
├── UsageError         a command line that cannot be carried out
└── StartFailed        a sandbox did not come up
"""


class ExecutorError(Exception):
    """Something that stops the executor or one of its sandboxes."""


class SettingsError(ExecutorError):
    """A variable that cannot be read; the message is one line for whoever set it."""


class NotPrepared(ExecutorError):
    """The runtime is missing or damaged."""


class IsolationMissing(ExecutorError):
    """A layer of isolation that is required and not to be had."""


class CannotListen(ExecutorError):
    """The address is taken, or not this machine's."""


class UsageError(ExecutorError):
    """A command line that cannot be carried out."""


class StartFailed(ExecutorError):
    """A sandbox did not come up."""
