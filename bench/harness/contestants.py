"""Who takes part, and how each is measured.

lenet4j and its native benchmarks get a fresh process for each measurement. The frameworks take long
to start and compile: their processes stay, and wait for their turn without computing.
"""
import contextlib
import json
import subprocess
import tempfile
from pathlib import Path

from harness import environment

PEERS = {
    # name: (script, mode, takes part unless chosen otherwise)
    "pytorch": ("pytorch_lenet.py", "compiled", True),
    "pytorch-eager": ("pytorch_lenet.py", "eager", True),
    "pytorch-channels-last": ("pytorch_lenet.py", "eager_channels_last", True),
    "pytorch-compiled-channels-last": ("pytorch_lenet.py", "compiled_channels_last", False),
    "tensorflow": ("tensorflow_lenet.py", "function", True),
    "tensorflow-xla": ("tensorflow_lenet.py", "xla", False),
}


class Failed(Exception):
    """A contestant could not be measured; the message says why."""


class Contestant:
    kind = ""
    isa = ""

    def __init__(self, name: str, threads: int, command: list):
        self.name, self.threads, self.command = name, threads, [str(c) for c in command]

    def measure(self) -> dict:
        raise NotImplementedError

    def close(self) -> None:
        pass


class Lenet4j(Contestant):
    kind = "lenet4j"

    def __init__(self, isa: str, threads: int, jar: Path, data: str, seconds: float, verify: bool):
        super().__init__(f"lenet4j {isa}", threads, [
            *environment.java(jar), "bench", "--device", "cpu", "--isa", isa, "--data", data,
            "--threads", threads, "--seconds", seconds, "--json"])
        self.isa, self.verify = isa, verify

    def measure(self) -> dict:
        result = json.loads(environment.call(*self.command, env=environment.clean()))
        if self.verify and not result["last_loss"] < result["first_loss"]:
            raise Failed(f"it does not learn: loss {result['first_loss']} to {result['last_loss']}")
        return result


class Native(Contestant):
    """A command of lenet_bench, which prints tab-separated values."""

    def __init__(self, kind: str, what: str, isa: str, threads: int, program: Path, seconds: float):
        super().__init__(f"{kind} {isa}", threads, [
            program, what, "--isa", isa, "--threads", threads, "--seconds", seconds, "--tsv", "yes"])
        self.kind, self.isa = kind, isa

    def measure(self) -> dict:
        head, *rows = (line.split("\t") for line in
                       environment.call(*self.command, env=environment.clean()).splitlines())
        rows = [{name: number(value) for name, value in zip(head, row)} for row in rows]
        return rows[0] if len(rows) == 1 else {row["name"]: row for row in rows}


class Peer(Contestant):
    kind = "peer"

    def __init__(self, name: str, threads: int, python: str, data: str, seconds: float, verify: bool):
        script, mode, _ = PEERS[name]
        super().__init__(name, threads, [
            python, environment.BENCH / "peers" / script, "--mode", mode, "--data", data,
            "--threads", threads, "--seconds", seconds, "--json", "--on-request",
            *(["--verify"] if verify else [])])
        self.process = None

    def measure(self) -> dict:
        if not self.process:
            self.errors = tempfile.TemporaryFile("w+")
            self.process = subprocess.Popen(
                self.command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=self.errors, env=environment.clean(**environment.TUNED_MALLOC))
        with contextlib.suppress(BrokenPipeError):  # If it ended, no line comes either.
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            raise Failed((self.errors.read().strip() or "it ended without a word").splitlines()[-1])
        return json.loads(line)

    def close(self) -> None:
        if self.process:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
            self.process.wait()


def number(text: str):
    try:
        return float(text)
    except ValueError:
        return text


def choose(args, jar: Path, lenet_bench: Path, python: str, data: str, isas: list,
           threads: list) -> list:
    """In the order of a round. Peers get a memory allocator tuned for them, and nobody is pinned."""
    peers = [name for name, (_, _, default) in PEERS.items()
             if default or name in args.extra or "all" in args.extra]
    everyone = [Native("kernels", "kernels", isas[0], 1, lenet_bench, 1)]
    for count in threads:
        for isa in isas:
            everyone.append(Native("ceilings", "ceilings", isa, count, lenet_bench, 0.6))
            everyone.append(Lenet4j(isa, count, jar, data, args.seconds, not args.quick))
        for name in peers if not args.no_peers else []:
            everyone.append(Peer(name, count, python, data, args.seconds,
                                 verify=count == threads[-1] and not args.quick))
    return everyone
