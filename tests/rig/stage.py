#!/usr/bin/env python3
"""stage.py MTA[+] ROOT OUT: play the cases through one MTA; with a + it logs
all that it can.

Runs as the first process of namespaces of its own (network, mounts, processes,
host name; see `run`): when it ends, for whatever reason, nothing of it stays.
ROOT is only read: the MTA writes to a layer in memory. OUT gets the logs, the
spool as a tar, and truth.json: what sender, receiver and mailboxes hold.
"""
import glob
import importlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time

import cases
import client
import dns
import sink

MTA, ROOT, OUT = sys.argv[1:4]
LOUD = MTA.endswith("+")


class Stage:
    """The root, its processes, and the hands of its administrator."""

    def __init__(self, root):
        self.root, self.record, self.sender = root, sink.Record(), \
            client.Sender()
        self.done = {}      # case -> what the administrator did to it
        self.processes = []
        self.loud = LOUD

    def path(self, name):
        return self.root + name

    def write(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.path(name), mode)

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace") as f:
            return f.read()

    def run(self, *command, ok=True, text=None):
        p = subprocess.run(["chroot", self.root, *command], input=text,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           encoding="utf-8", errors="replace", check=False)
        if ok and p.returncode != 0:
            raise SystemExit("%s\n%s" % (" ".join(command), p.stdout))
        return p.stdout

    def start(self, *command):
        # What it prints goes where one can look when a run went wrong.
        with open(OUT + "/printed.txt", "ab") as out:
            self.processes.append(subprocess.Popen(
                ["chroot", self.root, *command], stdin=subprocess.DEVNULL,
                stdout=out, stderr=out))

    def wait_port(self, port, address=dns.SERVER):
        for _ in range(100):
            try:
                socket.create_connection((address, port), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("nothing listens on %s:%d" % (address, port))

    def certificate(self):
        """Texts of a certificate and its key."""
        paths = ["/mnt/cert.pem", "/mnt/key.pem"]
        if not os.path.exists(paths[0]):
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                 "-days", "2", "-subj", "/CN=mx.rig.example", "-out", paths[0],
                 "-keyout", paths[1]], check=True, stderr=subprocess.DEVNULL)
        return [open(p, encoding="ascii").read() for p in paths]

    def mailboxes(self):
        """(user, Message-ID) of what stands in the mailboxes."""
        for path in (glob.glob(self.path("/var/mail/*")) +
                     glob.glob(self.path("/home/*/Maildir/new/*"))):
            if not os.path.isfile(path):
                continue
            user = (path.split("/")[-4] if "/Maildir/" in path
                    else os.path.basename(path))
            with open(path, encoding="utf-8", errors="replace") as f:
                text = "\n" + f.read()
            for part in text.split("\nFrom ") if "/Maildir/" not in path \
                    else [text]:
                head = part.split("\n\n")[0] if "\n\n" in part else part
                for line in head.splitlines():
                    if line.lower().startswith("message-id:"):
                        yield user, line.split("<")[-1].split(">")[0]
                        break


def mount():
    os.makedirs("/mnt", exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=True)
    for name in ("up", "work", "root"):
        os.mkdir("/mnt/" + name)
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                    "lowerdir=%s,upperdir=/mnt/up,workdir=/mnt/work" % ROOT,
                    "/mnt/root"], check=True)
    subprocess.run(["mount", "-t", "proc", "proc", "/mnt/root/proc"],
                   check=True)
    return "/mnt/root"


def network():
    socket.sethostname("mx.rig.example")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in dns.ADDRESSES:
        subprocess.run(["ip", "addr", "add", address + "/32", "dev", "lo"],
                       check=True)
    dns.serve()


def receivers(stage):
    stage.certificate()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain("/mnt/cert.pem", "/mnt/key.pem")
    sink.serve(dns.SINK, 25, stage.record, sink.FULL, tls=tls)
    for short, address in dns.SHORT.items():
        sink.serve_short(address, *sink.SHORT[short])
    sink.serve(dns.BARE, 25, stage.record, sink.PLAIN)
    sink.serve(dns.LMTP, 2424, stage.record, sink.PLAIN, lmtp=True)


def machine(stage):
    """What all MTAs need of the host: names, people, a logger."""
    stage.write("/etc/hosts", "127.0.0.1 localhost\n%s mx.rig.example mx\n"
                % dns.SERVER)
    stage.write("/etc/resolv.conf", "nameserver 192.0.2.53\n")
    stage.write("/etc/hostname", "mx.rig.example\n")
    stage.write("/etc/mailname", "rig.example\n")
    for user in ("alice", "bob", "carol"):
        stage.run("useradd", "-m", "-s", "/bin/sh", user)
        stage.run("chpasswd", text="%s:secret\n" % user)
    stage.write("/home/carol/.forward", "\\carol, ok+forward@sink.example\n")
    stage.run("chown", "carol:carol", "/home/carol/.forward")
    if LOUD:
        stage.write("/etc/rsyslog.d/stamp.conf", "$ActionFileDefaultTemplate "
                    "RSYSLOG_TraditionalFileFormat\n")
    stage.start("rsyslogd", "-n")
    for _ in range(50):
        if os.path.exists(stage.path("/dev/log")):
            break
        time.sleep(0.1)


def collect(stage, mta):
    for name in mta.LOGS:
        for path in glob.glob(stage.path(name)):
            shutil.copy(path, OUT + "/logs/")
    subprocess.run(["tar", "-C", stage.root, "--warning=no-file-ignored", "-cf", OUT + "/spool.tar",
                    *mta.SPOOL], check=True)
    truth = {"mails": stage.sender.mails, "sink": stage.record.rows,
             "mailboxes": sorted(stage.mailboxes()), "done": stage.done,
             "waiting": sorted(mta.waiting(stage))}
    with open(OUT + "/truth.json", "w", encoding="utf-8") as f:
        json.dump(truth, f, indent=1)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.umask(0o022)
    os.makedirs(OUT + "/logs", exist_ok=True)
    stage = Stage(mount())
    network()
    receivers(stage)
    machine(stage)
    mta = importlib.import_module("on_" + MTA.rstrip("+"))
    stage.sender.auth_tls = getattr(mta, "AUTH_TLS", False)
    mta.start(stage)
    stage.wait_port(25)
    cases.play(stage, mta)
    mta.stop(stage)
    time.sleep(0.5)
    collect(stage, mta)


main()
