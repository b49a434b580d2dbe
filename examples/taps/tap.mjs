// A monitor in JavaScript without a package: taps a topic prefix and prints one JSON line a record. Half of it is what
// a ZeroMQ library would do (ZMTP 3.0, https://rfc.zeromq.org/spec/23), half what a MessagePack library would.
//
// usage: node tap.mjs ENDPOINT PREFIX SECONDS     ends after SECONDS without a new record
//        ENDPOINT is ipc://PATH or tcp://HOST:PORT, of a service's tap socket

import net from "node:net";

// ---- MessagePack: bytes -> value. Integers beyond 2^53 lose their last digits, as all numbers of JavaScript do.

function unpack(bytes) {
  let at = 0;
  const take = (size) => bytes.subarray(at, (at += size));
  const uint = (size) => Number(BigInt.asUintN(64, take(size).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)));
  const int = (size) => Number(BigInt.asIntN(8 * size, take(size).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)));
  const text = (size) => take(size).toString("utf8");
  const list = (size) => Array.from({ length: size }, value);
  const map = (size) => Object.fromEntries(Array.from({ length: size }, () => [value(), value()]));
  function value() {
    const type = bytes[at++];
    if (type < 0x80) return type;
    if (type < 0x90) return map(type & 0x0f);
    if (type < 0xa0) return list(type & 0x0f);
    if (type < 0xc0) return text(type & 0x1f);
    if (type >= 0xe0) return type - 256;
    switch (type) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: case 0xc5: case 0xc6: return take(uint(1 << (type - 0xc4)));
      case 0xca: return take(4).readFloatBE();
      case 0xcb: return take(8).readDoubleBE();
      case 0xcc: case 0xcd: case 0xce: case 0xcf: return uint(1 << (type - 0xcc));
      case 0xd0: case 0xd1: case 0xd2: case 0xd3: return int(1 << (type - 0xd0));
      case 0xd9: case 0xda: case 0xdb: return text(uint(1 << (type - 0xd9)));
      case 0xdc: case 0xdd: return list(uint(2 << (type - 0xdc)));
      case 0xde: case 0xdf: return map(uint(2 << (type - 0xde)));
      default: throw new Error(`MessagePack type ${type} is not used by Drover`);
    }
  }
  return value();
}

// ---- ZMTP: a SUB socket without security that subscribes to one prefix

const GREETING = Buffer.alloc(64);
GREETING.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0], 0);
GREETING.write("NULL", 12);

function frame(flags, body) {
  return Buffer.concat([Buffer.from([flags, body.length]), body]);
}

const READY = frame(4, Buffer.from("\x05READY\x0bSocket-Type\0\0\0\x03SUB", "latin1"));

function listen(endpoint, prefix, onMessage) {
  const [, scheme, rest] = /^(ipc|tcp):\/\/(.+)$/.exec(endpoint);
  const colon = rest.lastIndexOf(":");
  const socket = scheme === "ipc" ? net.connect(rest) : net.connect(Number(rest.slice(colon + 1)), rest.slice(0, colon));
  let waiting = Buffer.alloc(0);
  let greeted = false;
  let parts = [];
  socket.write(GREETING);
  socket.on("data", (bytes) => {
    waiting = Buffer.concat([waiting, bytes]);
    if (!greeted) {
      if (waiting.length < 64) return;
      greeted = true;
      waiting = waiting.subarray(64);
      // ZMTP 3.0: a subscription is a message of its own that begins with 1.
      socket.write(Buffer.concat([READY, frame(0, Buffer.concat([Buffer.from([1]), Buffer.from(prefix)]))]));
    }
    while (waiting.length >= 2) {
      const flags = waiting[0];
      const head = flags & 2 ? 9 : 2;
      if (waiting.length < head) return;
      const size = flags & 2 ? Number(waiting.readBigUInt64BE(1)) : waiting[1];
      if (waiting.length < head + size) return;
      const body = waiting.subarray(head, head + size);
      waiting = waiting.subarray(head + size);
      if (flags & 4) {
        console.log(JSON.stringify({ tapping: prefix })); // its READY: the subscription is behind ours
        continue;
      }
      parts.push(body);
      if (flags & 1) continue;
      onMessage(...parts);
      parts = [];
    }
  });
  return socket;
}

// ---- what is heard

const [endpoint, prefix, limit] = process.argv.slice(2);
if (limit === undefined) {
  console.error("usage: node tap.mjs ENDPOINT PREFIX SECONDS");
  process.exit(2);
}
const socket = listen(endpoint, prefix, (topic, payload) => {
  const envelope = unpack(payload);
  for (const record of envelope.records) {
    const body = record.erased ? null : unpack(record.body);
    const { number, kind, key } = record;
    console.log(JSON.stringify({ topic: topic.toString(), from: envelope.from, number, kind, key, body }));
  }
});
socket.setTimeout(1000 * Number(limit), () => process.exit(0));
socket.on("error", (error) => {
  console.error(`cannot listen at ${endpoint}: ${error.message}`);
  process.exit(1);
});
