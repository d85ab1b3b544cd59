"""Ctrl-C while Dagster runs something in this process. What is then told and left undone is the caller's."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def watch_for_interruption() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed within this block, whoever took the signal: call what it gives.

    During a run Dagster takes it as its own: it stops the step under way and ends the run without raising, or, between
    two steps, forgets it. In a destructor Python can only print what Dagster raises: that is kept off the screen.
    Off the main thread there are no signals, and the answer is no.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    hook = sys.unraisablehook
    taken = b""

    def interrupted() -> bool:
        nonlocal taken
        with suppress(BlockingIOError):  # nothing came
            taken += os.read(reading, 512)
        return bytes([signal.SIGINT]) in taken

    def tell(unraisable: "sys.UnraisableHookArgs") -> None:
        if issubclass(unraisable.exc_type, Exception):  # an interruption is none
            hook(unraisable)

    sys.unraisablehook = tell
    try:
        yield interrupted
    finally:
        sys.unraisablehook = hook
        signal.set_wakeup_fd(before)
        os.close(reading)
        os.close(writing)
