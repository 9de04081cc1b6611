"""A small OpenTelemetry collector: takes spans from a server, reads them by the protocol's own definition, checks them."""

import base64
import http.server
import json
import queue
import sys
import urllib.error
import urllib.request

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
received = queue.Queue()


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        received.put((self.path, self.headers["content-type"], body))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def ask(url, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.headers["x-request-id"]
    except urllib.error.HTTPError as error:
        return error.headers["x-request-id"]


def hexadecimal(some_bytes):
    # OTLP's JSON has ids in hexadecimal, which protobuf's own JSON reads as base64.
    return base64.b64encode(some_bytes).decode()


def main():
    url, port = sys.argv[1], int(sys.argv[2])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Collector)
    __import__("threading").Thread(target=server.serve_forever, daemon=True).start()
    own = ask(url + "/auth/me?secret=1", traceparent=f"00-{TRACE}-{PARENT}-01")
    assert own == TRACE, own
    made_here = ask(url + "/livez")
    ask(url + "/readyz", traceparent=f"00-{TRACE}-{PARENT}-00")
    spans = []
    while len(spans) < 2:
        path, kind, body = received.get(timeout=20)
        assert (path, kind) == ("/v1/traces", "application/json"), (path, kind)
        assert b"secret" not in body
        request = json_format.Parse(body, ExportTraceServiceRequest())
        resource = {it.key: it.value.string_value for it in request.resource_spans[0].resource.attributes}
        assert resource["service.name"] == "doorward" and resource["service.version"], resource
        spans += [span for scope in request.resource_spans[0].scope_spans for span in scope.spans]
    named = {span.name: span for span in spans}
    mine = named["GET /auth/me"]
    assert (hexadecimal(mine.trace_id), hexadecimal(mine.parent_span_id)) == (TRACE, PARENT)
    assert mine.end_time_unix_nano > mine.start_time_unix_nano and mine.kind == 2
    said = {it.key: it.value for it in mine.attributes}
    assert said["http.response.status_code"].int_value == 401, said
    assert said["http.route"].string_value == "/auth/me", said
    live = named["GET /livez"]
    assert hexadecimal(live.trace_id) == made_here.replace("-", "") and not live.parent_span_id
    assert "GET /readyz" not in named, "its caller did not want it"
    print(f"{len(spans)} spans read: {', '.join(sorted(named))}")


main()
