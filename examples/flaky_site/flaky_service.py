"""A weather service on this machine that fails as services do: by a schedule, so that it always fails alike.

Of the first requests for all stations, 30 % get an error 503 and some get no answer at all; who asks
again is served, sooner or later. The schedule comes from a seed and is the same at each run.
"""

import random
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TEMPERATURES = {
    "Bergen": 7, "Cadiz": 19, "Dover": 11, "Esbjerg": 8, "Faro": 18, "Genoa": 15, "Hull": 9,
    "Izmir": 17, "Kiel": 8, "Lisbon": 17, "Malaga": 18, "Nice": 15, "Oslo": 4, "Porto": 15,
    "Riga": 5, "Split": 14, "Tallinn": 3, "Trieste": 13, "Varna": 12, "Zadar": 14,
}  # fmt: skip

FAIL, HANG, ANSWER = "fail", "hang", "answer"


def schedule(seed, stations, rounds=3):
    """Return what becomes of each station's first requests: 30 % fail and 5 % hang in each round."""
    plan = {station: [] for station in stations}
    chance = random.Random(seed)
    for _ in range(rounds):
        fates = [FAIL] * round(len(plan) * 0.3) + [HANG] * round(len(plan) * 0.05)
        fates += [ANSWER] * (len(plan) - len(fates))
        chance.shuffle(fates)
        for station, fate in zip(plan, fates, strict=True):
            plan[station].append(fate)
    return plan


class Service:
    """A running server: `url` is its address, `failed` and `hung` say how often it did so."""

    def __init__(self, seed):
        self.failed = self.hung = 0
        self._plan = {name: iter(fates) for name, fates in schedule(seed, TEMPERATURES).items()}
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        # Those who hang are not waited for.
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self._is_over.set()
        self._server.shutdown()
        self._server.server_close()

    def _fate(self, station):
        with self._lock:
            fate = next(self._plan[station], ANSWER)
            self.failed += fate == FAIL
            self.hung += fate == HANG
        return fate

    def _handler(self):
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                station = self.path.strip("/")
                fate = service._fate(station)
                if fate == HANG:
                    service._is_over.wait(60)
                    return
                self.send_response(503 if fate == FAIL else 200)
                self.end_headers()
                if fate == ANSWER:
                    self.wfile.write(str(TEMPERATURES[station]).encode())

            def log_message(self, *_):
                pass

        return Handler
