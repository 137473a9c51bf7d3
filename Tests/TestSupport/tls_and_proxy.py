"""A server of embeddings with TLS, and the proxy that leads to it, for ProxyTests.

    tls_and_proxy.py CERTIFICATE KEY LOG

Prints the proxy's port. The proxy takes CONNECT for any host and leads to the server; it writes what it was
asked for to LOG, a line each. Ends when its standard input does.
"""
import http.server, json, socket, ssl, sys, threading

certificate, key, log = sys.argv[1:4]


class Embeddings(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        data = [
            {"index": index, "embedding": [len(text) + 0.5 + place for place in range(64)]}
            for index, text in enumerate(request["input"])
        ]
        body = json.dumps({"data": data, "model": request["model"]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Embeddings)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def lead(client):
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(4096)
        if not data:
            return
        head += data
    with open(log, "a") as lines:
        lines.write(head.split(b"\r\n")[0].decode() + "\n")
    if not head.startswith(b"CONNECT "):
        client.sendall(b"HTTP/1.1 405 only CONNECT\r\ncontent-length: 0\r\n\r\n")
        return client.close()
    origin = socket.create_connection(server.server_address)
    client.sendall(b"HTTP/1.1 200 connected\r\n\r\n")
    threading.Thread(target=pump, args=(client, origin), daemon=True).start()
    pump(origin, client)


proxy = socket.create_server(("127.0.0.1", 0))
print(proxy.getsockname()[1], flush=True)


def accept():
    while True:
        threading.Thread(target=lead, args=(proxy.accept()[0],), daemon=True).start()


threading.Thread(target=accept, daemon=True).start()
sys.stdin.read()
