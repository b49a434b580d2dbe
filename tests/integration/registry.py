"""A registry of images in the place of a real one: serves what `docker save` wrote to whoever knows the password.

usage: registry.py ARCHIVE NAME USER PASSWORD PORT_FILE
"""

import base64
import gzip
import hashlib
import http.server
import json
import os
import sys
import tarfile

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Image:
    def __init__(self, archive):
        self.blobs = {}
        with tarfile.open(archive) as tar:
            entry = json.load(tar.extractfile("manifest.json"))[0]
            config = self.keep(tar.extractfile(entry["Config"]).read(), CONFIG)
            layers = [self.keep(gzip.compress(tar.extractfile(name).read()), LAYER) for name in entry["Layers"]]
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
        self.manifest = json.dumps(manifest).encode()

    def keep(self, data, kind):
        self.blobs[digest_of(data)] = data
        return {"mediaType": kind, "size": len(data), "digest": digest_of(data)}


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, data, kind="application/json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_GET(self):
        server = self.server
        if self.headers.get("Authorization") != server.key:
            error = {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}
            return self.answer(401, json.dumps(error).encode(), WWW_Authenticate='Basic realm="test"')
        if self.path == "/v2/":
            return self.answer(200, b"{}")
        if self.path.startswith(f"/v2/{server.name}/manifests/"):
            manifest = server.image.manifest
            return self.answer(200, manifest, MANIFEST, Docker_Content_Digest=digest_of(manifest))
        blob = server.image.blobs.get(self.path.rsplit("/", 1)[1])
        if blob is not None and self.path.startswith(f"/v2/{server.name}/blobs/"):
            return self.answer(200, blob, "application/octet-stream")
        return self.answer(404, b'{"errors": [{"code": "NAME_UNKNOWN", "message": "there is no such thing"}]}')

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


def main():
    archive, name, user, password, port_file = sys.argv[1:]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.image, server.name = Image(archive), name
    server.key = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    with open(port_file + ".new", "w", encoding="ascii") as file:
        file.write(str(server.server_port))
    os.rename(port_file + ".new", port_file)
    server.serve_forever()


if __name__ == "__main__":
    main()
