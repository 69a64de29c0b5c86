#!/usr/bin/env python3
"""The calls of one training step of the cuda engine, and a model of the time they take on a GPU.

Prints the tables of docs/gpu-performance.md. Nothing here is measured: the calls are those of
native/cuda/network.cpp, their bytes and operations follow from the shapes, and the times from
published peak figures and the assumptions below.

    python3 bench/gpu_model.py [--batch N]
    python3 bench/gpu_model.py --batch N --check-trace FILE   # do the calls match the engine's?
    python3 bench/gpu_model.py --check-page FILE              # does the page have these tables?

FILE of --check-trace is what LENET_EMU_TRACE of the CUDA emulation wrote while a step of N examples
was captured.
"""
import argparse
import dataclasses
import pathlib
import re
import sys

CLASSES = 10
SLABS = 64
PARAMETERS = 61706
BIASES = 6 + 16 + 120 + 84 + CLASSES
FLOAT = 4


@dataclasses.dataclass
class Call:
    what: str
    library: str
    read: int  # bytes, each tensor once
    written: int
    flops: int = 0  # multiplications and additions of the convolutions and products
    blocks: int = 0  # of our own kernels; the libraries choose theirs
    threads: int = 0
    traced: str = ""  # of a library's call: how its line in a trace ends

    def matches(self, kind, label):
        """Whether a line of a trace is this call."""
        if self.blocks == 0:
            return kind == self.library.lower() and label.endswith(self.traced)
        name = self.what.split()[0]
        launch = re.fullmatch(r"(\S+) grid (\d+)x(\d+)x(\d+) block (\d+)x1x1", label)
        if kind != "kernel" or not launch:
            return False
        blocks = int(launch[2]) * int(launch[3]) * int(launch[4])
        # In C++'s mangled names a name follows its length.
        return (f"{len(name)}{name}" in launch[1] and blocks == self.blocks
                and int(launch[5]) == self.threads)

    @property
    def bytes(self):
        return self.read + self.written


@dataclasses.dataclass
class Device:
    name: str
    bandwidth: float  # bytes a second, published peak
    flops: float  # float32 operations a second without tensor cores, published peak


H100 = Device("H100 SXM5", 3.35e12, 66.9e12)
T4 = Device("T4", 320e9, 8.1e12)

# What no data sheet says, as an optimistic and a pessimistic guess: what a dependent node of a
# replayed graph costs before and after its work, and the share of the peaks that kernels this small
# reach.
OPTIMISTIC = {"node": 1.5e-6, "bandwidth": 0.8, "flops": 0.5}
PESSIMISTIC = {"node": 4.0e-6, "bandwidth": 0.5, "flops": 0.1}


def step(n):
    """The calls in the order of Network::enqueue_step, for n examples, classic recipe."""
    def floats(count):
        return FLOAT * count

    def blocks(threads, per_block):
        return -(-threads // per_block)

    def product(what, rows, columns, inner):
        """[rows][columns] = [rows][inner] x [inner][columns]"""
        return Call(what, "cuBLAS", floats(rows * inner + inner * columns), floats(rows * columns),
                    2 * rows * columns * inner, traced=f" {columns}x{rows}x{inner}")

    def cudnn(what, read, written, flops, operation, channels, height):
        size = f"{channels}x{height}x{height}"
        return Call(what, "cuDNN", read, written, flops, traced=f": {operation} to {size}")

    x, z1, p1 = floats(n * 784), floats(n * 4704), floats(n * 1176)
    z2, p2, f1, f2 = floats(n * 1600), floats(n * 400), floats(n * 120), floats(n * 84)
    logits = floats(n * CLASSES)
    w1, w2 = floats(6 * 25), floats(16 * 6 * 25)
    conv1, conv2 = 2 * n * 4704 * 25, 2 * n * 1600 * 150
    fused = "convolution forward + pointwise + pointwise"
    parts1, parts2 = floats(6 * n * 14), floats(16 * n * 5)
    return [
        Call("gather", "own", n * 784 + 2 * 4 * n, x + 4 * n, 0, blocks(n * 196, 256), 256),
        cudnn("conv1 + bias + sigmoid", x + w1 + floats(6), z1, conv1, fused, f"{n}x6", 28),
        cudnn("pool1", z1, p1, 0, "pooling forward", f"{n}x6", 14),
        cudnn("conv2 + bias + sigmoid", p1 + w2 + floats(16), z2, conv2, fused, f"{n}x16", 10),
        cudnn("pool2", z2, p2, 0, "pooling forward", f"{n}x16", 5),
        product("fc1", n, 120, 400),
        Call("bias_activation fc1", "own", f1 + floats(120), f1, 0, blocks(n * 120, 256), 256),
        product("fc2", n, 84, 120),
        Call("bias_activation fc2", "own", f2 + floats(84), f2, 0, blocks(n * 84, 256), 256),
        product("fc3", CLASSES, n, 84),
        Call("cross_entropy", "own", logits + 4 * n, logits + 2 * 4 * n, 0, blocks(n, 32), 32),
        product("fc3 weight gradient", CLASSES, 84, n),
        Call("head_backward", "own", logits + floats(CLASSES * 84) + f2 + 2 * 4 * n,
             f2 + SLABS * (floats(84 + CLASSES) + 12), 2 * n * 84 * CLASSES,
             SLABS * blocks(84 + CLASSES + 1, 128), 128),
        product("fc2 weight gradient", 84, 120, n),
        product("fc2 data gradient", n, 120, 84),
        Call("fc1_backward", "own", 2 * f1, f1 + SLABS * floats(120), 0, SLABS, 128),
        product("fc1 weight gradient", 120, 400, n),
        product("fc1 data gradient", n, 400, 120),
        Call("pool_backward 2", "own", p2 + z2, z2 + parts2, 0, blocks(n * 16 * 5, 256), 256),
        cudnn("conv2 weight gradient", p1 + z2, w2, conv2, "convolution backward filter", "16x6",
              5),
        cudnn("conv2 data gradient", z2 + w2, p1, conv2, "convolution backward data", f"{n}x6", 14),
        Call("pool_backward 1", "own", p1 + z1, z1 + parts1, 0, blocks(n * 6 * 14, 256), 256),
        cudnn("conv1 weight gradient", x + z1, w1, conv1, "convolution backward filter", "6x1", 5),
        Call("reduce", "own", parts1 + parts2, floats(22 * SLABS), 0, blocks(22 * SLABS, 128), 128),
        Call("update", "own", 2 * floats(PARAMETERS) + SLABS * (floats(BIASES) + 12),
             floats(PARAMETERS), 2 * PARAMETERS, blocks(PARAMETERS + 1, 256), 256),
    ]


def modelled_time(call, device, guess):
    return guess["node"] + max(call.bytes / (guess["bandwidth"] * device.bandwidth),
                               call.flops / (guess["flops"] * device.flops))


def kib(count):
    return f"{count / 1024:,.0f}"


def call_table(n):
    calls = step(n)
    lines = ["| | call | by | grid x block | read, KiB | written, KiB | MFLOP |",
             "|---|---|---|---|---|---|---|"]
    for number, call in enumerate(calls, 1):
        grid = f"{call.blocks} x {call.threads}" if call.blocks else ""
        lines.append(f"| {number} | {call.what} | {call.library} | {grid} | {kib(call.read)} | "
                     f"{kib(call.written)} | {call.flops / 1e6:.1f} |")
    read, written, flops = (sum(column) for column in
                            zip(*((c.read, c.written, c.flops) for c in calls)))
    lines.append(f"| | all {len(calls)} | | | {kib(read)} | {kib(written)} | {flops / 1e6:.1f} |")
    return "\n".join(lines)


def time_table(n):
    calls = step(n)
    lines = ["| | bytes at the peak, us | FLOPs at the peak, us | nodes, us | "
             "model of a step, us | examples/s |",
             "|---|---|---|---|---|---|"]
    for device in (H100, T4):
        times = [sum(modelled_time(c, device, guess) for c in calls)
                 for guess in (OPTIMISTIC, PESSIMISTIC)]
        nodes = [len(calls) * guess["node"] * 1e6 for guess in (OPTIMISTIC, PESSIMISTIC)]
        lines.append(
            f"| {device.name} | {sum(c.bytes for c in calls) / device.bandwidth * 1e6:.0f} | "
            f"{sum(c.flops for c in calls) / device.flops * 1e6:.0f} | "
            f"{nodes[0]:.0f} to {nodes[1]:.0f} | {times[0] * 1e6:.0f} to {times[1] * 1e6:.0f} | "
            f"{n / times[1] / 1e6:.2f} to {n / times[0] / 1e6:.2f} million |")
    return "\n".join(lines)


def check_trace(path, calls):
    """Exits with what differs unless the last captured step has just these calls."""
    lines = [line.split("\t") for line in path.read_text().splitlines()]
    captured = [(kind, label) for event, kind, label in lines if event == "captured"]
    if len(captured) < len(calls):
        sys.exit(f"{path}: {len(captured)} captured calls, expected {len(calls)}")
    for number, (call, (kind, label)) in enumerate(zip(calls, captured[-len(calls):]), 1):
        if not call.matches(kind, label):
            sys.exit(f"call {number}: expected {call}, the engine made {kind} {label}")
    print(f"{len(calls)} calls as the engine made them")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--check-trace", type=pathlib.Path)
    parser.add_argument("--check-page", type=pathlib.Path)
    arguments = parser.parse_args()
    tables = [call_table(arguments.batch), time_table(arguments.batch)]
    if arguments.check_trace:
        check_trace(arguments.check_trace, step(arguments.batch))
    elif arguments.check_page:
        text = arguments.check_page.read_text()
        if not all(table in text for table in tables):
            sys.exit(f"{arguments.check_page}: its tables are not those that this script prints")
    else:
        print("\n\n".join(tables))


if __name__ == "__main__":
    main()
