"""A small web site on this machine, so that the example has real pages to fetch.

It answers as slowly as a server far away, and it counts how many requests it has in hand at the
same time: that number comes from the server's side, so it proves that the client's requests
overlapped.
"""

import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DELAY = 0.05  # seconds that every answer takes
PATIENCE = 10.0  # seconds that a request waits for the others before it goes on alone

PAGES = {
    "/": ("Harbour Books", "New and used books by the sea.", ["/events", "/opening", "/staff"]),
    "/events": ("Events", "Readings on every first Friday.", ["/", "/tickets"]),
    "/opening": ("Opening hours", "Tuesday to Saturday, nine to six.", ["/"]),
    "/staff": ("Who we are", "Ada, Grace and the cat.", ["/", "/events", "/jobs"]),
}


class Site:
    """A running server: `url` is its address, `most_at_once` the most requests it had in hand."""

    def __init__(self, expected_at_once):
        """Start it; `expected_at_once` requests wait for each other before they are answered.

        The wait makes the count certain: without it, a busy machine could answer one request
        before it has accepted the next.
        """
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._everybody_here = threading.Barrier(expected_at_once)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def _handler(self):
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                page = site._wait_and_find(self.path)
                self.send_response(200 if page else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *_):
                pass

        return Handler

    def _wait_and_find(self, path):
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        # Requests that come one after the other never meet here; they are answered all the same.
        with suppress(threading.BrokenBarrierError):
            self._everybody_here.wait(PATIENCE)
        time.sleep(DELAY)
        with self._lock:
            self._at_once -= 1
        return _html(*PAGES[path]) if path in PAGES else ""


def _html(title, text, links):
    anchors = "".join(f'<a href="{link}">{link}</a>' for link in links)
    return f"<html><title>{title}</title><p>{text}</p>{anchors}</html>"
