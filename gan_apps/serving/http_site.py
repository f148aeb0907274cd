"""A small HTTP server for the demo, on this computer alone unless told otherwise."""

import functools
import http.server

from gan_apps.settings import Failed

TYPES = {
    ".js": "text/javascript",
    ".wasm": "application/wasm",
    ".tflite": "application/octet-stream",
}


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Files of the site's folder; paths that lead out of it are not found."""

    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, **TYPES}

    def list_directory(self, path):
        self.send_error(404)

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, *_):
        pass


def server(folder, host, port):
    """A server that is ready to `serve_forever`; another free port if `port` is taken.

    Raises:
      Failed: the host is none of this computer's.
    """
    handler = functools.partial(_Handler, directory=str(folder))
    for number in (port, 0):
        try:
            return http.server.ThreadingHTTPServer((host, number), handler)
        except OSError as error:
            reason = error.strerror or error
    raise Failed(f"--host={host}: cannot be listened on: {reason}.")
