#!/usr/bin/python3
"""A monitor that knows nothing of Drover but the frame format: taps a topic prefix and prints one JSON line a record,
and one that says how many records it has missed whenever their numbers show that.

usage: tap.py ENDPOINT PREFIX SECONDS     stops after SECONDS without a new record, or at the end of its input
"""

import json
import sys

import msgpack
import zmq


def missed(envelope, prefix, last):
    """How many records of its stream went by unheard before this envelope. Samples (epoch 0) are numbered for each key;
    of a stream that is heard only in part nothing can be said."""
    records, sample = envelope["records"], envelope["epoch"] == 0
    if not records or not sample and not f"v1/{envelope['stream']}/".startswith(prefix):
        return 0
    numbering = (envelope["from"], envelope["boot"], envelope["epoch"], envelope["stream"],
                 records[0]["key"] if sample else "")
    before = records[0]["number"] - 1 if sample else envelope["prev"]
    lost = max(0, before - last.get(numbering, before))
    last[numbering] = records[-1]["number"]
    return lost


def main():
    endpoint, prefix, limit = sys.argv[1], sys.argv[2], float(sys.argv[3])
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.connect(endpoint)
    socket.setsockopt_string(zmq.SUBSCRIBE, prefix)
    print(json.dumps({"tapping": prefix}), flush=True)
    last = {}
    while socket.poll(int(limit * 1000)):
        topic, payload = socket.recv_multipart()
        envelope = msgpack.unpackb(payload, raw=False)
        if lost := missed(envelope, prefix, last):
            print(json.dumps({"missed": lost, "from": envelope["from"], "stream": envelope["stream"]}), flush=True)
        for record in envelope["records"]:
            body = None if record["erased"] else msgpack.unpackb(record["body"], raw=False)
            print(json.dumps({"topic": topic.decode(), "from": envelope["from"], "number": record["number"],
                              "kind": record["kind"], "key": record["key"], "body": body}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
