# A small embeddings server on loopback that speaks as OpenAI's does, and counts what it is sent.

import array
import base64
import collections
import hashlib
import http.server
import json
import math
import random
import socketserver
import threading
import time


class Loopback:
    """Answers each request after `delay` seconds with vectors that follow from the texts."""

    def __init__(self, delay=0.15, dimensions=64):
        self.delay, self.dimensions = delay, dimensions
        self.lock = threading.Lock()
        self.texts = collections.Counter()
        self.answered_texts = 0
        self.requests = 0
        # Texts of the requests that are being answered, by number, and of those that were, with the time.
        self.open = {}
        self.closed = []
        loopback = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                try:
                    answer = loopback.answer(body)
                    self.send(answer.pop("status", 200), answer)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def do_GET(self):
                self.send(200, {"object": "list", "data": []})

            def send(self, status, answer):
                number = answer.pop("number", None)
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
                if number:
                    loopback.close(number)

            def log_message(self, *arguments):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request, address):
                pass  # A client that was killed in the middle.

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, body):
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        with self.lock:
            self.requests += 1
            number = self.requests
            self.open[number] = len(texts)
            self.texts.update(texts)
        if self.delay:
            time.sleep(self.delay)
        dimensions = body.get("dimensions", self.dimensions)
        data = []
        for index, text in enumerate(texts):
            vector = vector_of(text, dimensions)
            if body.get("encoding_format") == "base64":
                vector = base64.b64encode(vector.tobytes()).decode()
            else:
                vector = vector.tolist()
            data.append({"object": "embedding", "index": index, "embedding": vector})
        tokens = sum(len(text.split()) for text in texts)
        return {"number": number, "object": "list", "data": data, "model": body.get("model", "made"),
                "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}

    def close(self, number):
        with self.lock:
            texts = self.open.pop(number)
            self.answered_texts += texts
            self.closed.append((time.monotonic(), texts))

    def in_flight(self, within=0.0):
        """Texts of the requests that are being answered, and of those answered in the last `within` seconds."""
        with self.lock:
            late = time.monotonic() - within
            return sum(self.open.values()) + sum(texts for at, texts in self.closed if at > late)

    def settings(self, **more):
        """For a store that pays this server, with room enough in its budget."""
        return {"OPENAI_API_URL": self.url, "OPENAI_API_KEY": "sk-soak", "OPENAI_PROVIDER": "soak", "OPENAI_MODEL": "made",
                "OPENAI_DIMENSIONS": str(self.dimensions), "OPENAI_PRICE_PER_MILLION_TOKENS": "0.02", "OPENAI_MAX_BATCH_SIZE": "16",
                "OPENAI_REQUESTS_PER_MINUTE": "1000000", "OPENAI_TOKENS_PER_MINUTE": "1000000000",
                "HOURLY_RATE_LIMIT_OPENAI": "1000000", "DAILY_COST_LIMIT_OPENAI": "1000", "SERVICE_MODE": "REAL", **more}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def vector_of(text, dimensions):
    """A unit vector that follows from the text."""
    generator = random.Random(hashlib.sha256(text.encode()).digest())
    row = [generator.gauss(0, 1) for _ in range(dimensions)]
    length = math.sqrt(sum(x * x for x in row))
    return array.array("f", [x / length for x in row])
