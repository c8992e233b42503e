"""SIGTERM in the first seconds, while a program still imports what it rests on.

Imported before everything else. Until the program itself listens to signals nothing is
begun that would have to be ended in order, so it ends at once, with the code of an orderly
end. Without this the code is 143; and as a container's first process, which Linux spares
what it has no handler for, it would not end before it is killed.
"""

import os
import signal
import sys

LONG = ("serve", "execute", "demo")  # the commands that run until they are told to stop


def _end(_number: int, _frame: object) -> None:
    os._exit(
        0
    )  # no exception: it could be raised inside any import, and be caught there


if sys.argv[1:2] and sys.argv[1] in LONG:
    signal.signal(signal.SIGTERM, _end)
