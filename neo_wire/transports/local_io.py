"""The effects that reach this machine alone: its files and its programs."""

from __future__ import annotations

import threading

from neo_wire.flow import ReadFile, RunProcess, WriteFile
from neo_wire.transports.files import read_file, write_file


def perform(effect: ReadFile | WriteFile | RunProcess, *, abandoned: threading.Event | None = None) -> object:
    """Perform one of these effects, blocking; a program whose caller has abandoned it is killed."""
    match effect:
        case ReadFile():
            return read_file(effect.path, effect.max_bytes)
        case WriteFile():
            write_file(effect.path, effect.data)
            return None
        case RunProcess():
            from neo_wire.transports.processes import run_process  # here, as few clients run any

            return run_process(effect.arguments, effect.timeout, effect.max_output, abandoned=abandoned)
