#!/usr/bin/python3
"""A monitor that knows nothing of Drover but the frame format: taps a topic prefix and prints one JSON line a record.

usage: tap.py ENDPOINT PREFIX SECONDS     stops after SECONDS without a new record, or at the end of its input
"""

import json
import sys

import msgpack
import zmq


def main():
    endpoint, prefix, limit = sys.argv[1], sys.argv[2], float(sys.argv[3])
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.connect(endpoint)
    socket.setsockopt_string(zmq.SUBSCRIBE, prefix)
    print(json.dumps({"tapping": prefix}), flush=True)
    while socket.poll(int(limit * 1000)):
        topic, payload = socket.recv_multipart()
        envelope = msgpack.unpackb(payload, raw=False)
        for record in envelope["records"]:
            body = None if record["erased"] else msgpack.unpackb(record["body"], raw=False)
            print(json.dumps({"topic": topic.decode(), "from": envelope["from"], "number": record["number"],
                              "kind": record["kind"], "key": record["key"], "body": body}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
