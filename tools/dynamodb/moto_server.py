"""moto's server as a DynamoDB on the loopback, on a thread of this process, for the length of a `with` block."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from .account import HOST

FREE_PORT: Final = 0


@contextmanager
def moto_server() -> Iterator[str]:
    """Yields the server's URL once it listens. It starts without tables.

    One request at a time: moto's own server has a thread for each, and between its look at a condition
    and its write another thread may write too, which DynamoDB never allows.
    """
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request otherwise
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server(HOST, FREE_PORT, application, threaded=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
