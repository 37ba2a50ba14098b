"""dns.py - a name server for the rig: A, MX and PTR of a few made-up names.

ZONE has them; everything else does not exist. Names below slow.example fail
(SERVFAIL), so that an MTA has to ask again.
"""
import socket
import struct
import threading

A, NS, SOA, PTR, MX, TXT, AAAA = 1, 2, 6, 12, 15, 16, 28
OK, SERVFAIL, NXDOMAIN = 0, 2, 3

SINK, LMTP, BARE, DOWN, SERVER = ("192.0.2.25", "192.0.2.24", "192.0.2.26",
                                  "192.0.2.99", "192.0.2.1")
STRANGER, FRIEND, NAMELESS, LISTED = ("192.0.2.200", "192.0.2.201",
                                      "192.0.2.202", "192.0.2.203")
# Hosts that do one thing each: sink.py, SHORT.
SHORT = {"banner5": "192.0.2.31", "banner4": "192.0.2.32",
         "closer": "192.0.2.33", "nohelo": "192.0.2.34", "mute": "192.0.2.35"}
ADDRESSES = [SINK, LMTP, BARE, DOWN, SERVER, STRANGER, FRIEND, NAMELESS,
             LISTED, "192.0.2.53", *SHORT.values()]

ZONE = {
    ("mx.rig.example", A): [SERVER],
    ("rig.example", MX): [(10, "mx.rig.example")],
    ("mx.sink.example", A): [SINK],
    ("sink.example", MX): [(10, "mx.sink.example")],
    # bücher.example
    ("xn--bcher-kva.example", MX): [(10, "mx.sink.example")],
    ("bare.example", MX): [(10, "mx.bare.example")],
    ("mx.bare.example", A): [BARE],
    ("lmtp.example", MX): [(10, "mx.lmtp.example")],
    ("mx.lmtp.example", A): [LMTP],
    ("down.example", MX): [(10, "mx.down.example")],
    ("mx.down.example", A): [DOWN],
    ("two.example", MX): [(10, "mx.down.example"), (20, "mx.sink.example")],
    ("nullmx.example", MX): [(0, "")],
    ("client.example", MX): [(10, "mx.sink.example")],
    ("stranger.client.example", A): [STRANGER],
    ("friend.client.example", A): [FRIEND],
    ("listed.client.example", A): [LISTED],
    ("203.2.0.192.bl.example", A): ["127.0.0.2"],
}
for short, address in SHORT.items():
    ZONE[short + ".example", MX] = [(10, "mx.%s.example" % short)]
    ZONE["mx.%s.example" % short, A] = [address]
for (name, kind), values in list(ZONE.items()):
    if kind == A and not name.endswith("bl.example"):
        back = ".".join(reversed(values[0].split("."))) + ".in-addr.arpa"
        ZONE.setdefault((back, PTR), [name])
NAMES = {name for name, _ in ZONE}


def pack_name(name):
    out = b""
    for label in filter(None, name.split(".")):
        out += bytes([len(label)]) + label.encode()
    return out + b"\0"


def pack_value(kind, value):
    if kind == A:
        return socket.inet_aton(value)
    if kind == MX:
        return struct.pack("!H", value[0]) + pack_name(value[1])
    return pack_name(value)


def answer(query):
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
        at += 1 + query[at]
    kind, = struct.unpack("!H", query[at + 1:at + 3])
    name = ".".join(labels).lower()
    values = ZONE.get((name, kind), [])
    known = any(n == name or n.endswith("." + name) for n in NAMES)
    code = OK if known else NXDOMAIN
    if name.endswith("slow.example"):
        code = SERVFAIL
    head = query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(values),
                                   0, 0)
    body = query[12:at + 5]
    for value in values:
        data = pack_value(kind, value)
        body += struct.pack("!HHHIH", 0xC00C, kind, 1, 60, len(data)) + data
    return head + body


def serve(address="192.0.2.53"):
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((address, 53))

    def loop():
        while True:
            query, peer = udp.recvfrom(2048)
            try:
                udp.sendto(answer(query), peer)
            except (IndexError, struct.error):
                pass    # not a question
    threading.Thread(target=loop, daemon=True).start()
