"""Who takes part, and how each is called. All print the same JSON, see peers/measure.py."""
from dataclasses import dataclass

from harness import environment

PEERS = {
    # name: (script, mode, takes part unless chosen otherwise)
    "pytorch": ("pytorch_lenet.py", "compiled", True),
    "pytorch-compiled-channels-last": ("pytorch_lenet.py", "compiled_channels_last", False),
    "pytorch-eager": ("pytorch_lenet.py", "eager", False),
    "pytorch-eager-channels-last": ("pytorch_lenet.py", "eager_channels_last", False),
    "tensorflow": ("tensorflow_lenet.py", "function", True),
    "tensorflow-xla": ("tensorflow_lenet.py", "xla", False),
}


@dataclass(frozen=True)
class Contestant:
    name: str
    kind: str  # lenet4j, peer or peak
    threads: int
    command: tuple
    variables: dict
    isa: str = ""

    @property
    def key(self) -> str:
        return f"{self.name}/{self.threads}"


def choose(args, jar, python: str, data: str, isas: list, threads: list) -> list:
    """In the order of a round. Peers get a memory allocator tuned for them, and nobody is pinned."""
    chosen = {name for name, (_, _, default) in PEERS.items() if default or "all" in args.extra}
    chosen |= {name for name in args.extra if name in PEERS}
    everyone = []
    for count in threads:
        common = ("--threads", str(count), "--seconds", str(args.seconds), "--json")
        for isa in isas:
            everyone.append(Contestant(
                f"peak {isa}", "peak", count,
                (environment.build_peak(isa), "--threads", str(count), "--seconds", "0.6", "--json"),
                {}, isa))
            everyone.append(Contestant(
                f"lenet4j {isa}", "lenet4j", count,
                (*environment.java(jar), "bench", "--device", "cpu", "--isa", isa, "--data", data,
                 *common), {}, isa))
        for name, (script, mode, _) in PEERS.items():
            if name in chosen and not args.no_peers:
                everyone.append(Contestant(
                    name, "peer", count,
                    (python, str(environment.BENCH / "peers" / script), "--mode", mode, "--data",
                     data, *common), environment.TUNED_MALLOC))
    return everyone
