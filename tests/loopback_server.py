"""What servers of the tests have in common: a thread, a free port of the loopback interface, and an end."""

import http.server
import threading


class LoopbackServer(http.server.ThreadingHTTPServer):
    """An HTTP server; a context manager that serves until its end.

    Attributes:
        url: where it is.
        over: set at the end, so that slow answers need not be waited for.
        lock: for what its threads share.
    """

    daemon_threads = True

    def __init__(self, handler: type[http.server.BaseHTTPRequestHandler], port: int = 0):
        self.over = threading.Event()
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request, client_address):
        """A client that hangs up is no news."""
