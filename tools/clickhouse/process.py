"""`python process.py libchdb.so OPTIONS…`: clickhouse-local in this process, until its standard input is closed.

Standard library alone, and nothing of the project: it is started by path.
"""

import ctypes
import os
import signal
import sys
import threading


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # nobody writes
    os.kill(os.getpid(), signal.SIGTERM)


def main(library: str, options: list[str]) -> int:
    """Run clickhouse-local to its end; returns 1 if it failed, which it has then explained on stderr."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    arguments = [word.encode() for word in ("clickhouse-local", *options)]
    run = ctypes.CDLL(library).query_stable_v2
    run.argtypes = (ctypes.c_int, ctypes.POINTER(ctypes.c_char_p))
    run.restype = ctypes.c_void_p
    run(len(arguments), (ctypes.c_char_p * len(arguments))(*arguments))
    return 1  # its last query has no end


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
