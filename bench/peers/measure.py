"""What every Python peer shares: options, data, clocks and the result's one JSON object.

A peer is an object with
    name, version, configuration   for the result
    gather(index)                  the mini-batch of these examples, from pixels to float32 / 255
    step(batch)                    forward, loss, backward, update, sums of loss and hits
    take_metrics()                 (sum of loss, hits, examples) since the last call
    inputs(count)                  what predict takes: the first images as bytes, on the device
    predict(inputs)                class probabilities, done when it returns

All do the same work: the classic network with sigmoid and average pooling, Xavier-uniform weights,
mini-batches of 256, mean softmax cross-entropy, SGD with rate 0.9, float32. Steps are timed alone,
with the mini-batch already gathered; whole epochs add the shuffle, gathering and the metrics, read
five times an epoch. Compiling and warm-up are never timed.
"""
import argparse
import gzip
import json
import math
import os
import statistics
import sys
import time
from pathlib import Path

import numpy

BATCH = 256
RATE = 0.9
POINTS = 5
clock = time.perf_counter


def parse(description: str, modes: tuple) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"),
                        help="directory of the four IDX files, plain or .gz (default %(default)s)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2,
                        help="of training; half of it for each measurement of inference")
    parser.add_argument("--mode", choices=modes, default=modes[0],
                        help="how the framework is used (default %(default)s)")
    parser.add_argument("--verify", action="store_true",
                        help="first train three epochs, and fail unless the loss falls")
    parser.add_argument("--on-request", action="store_true",
                        help="measure once for every line of standard input, not just once")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def limit_threads(threads: int) -> None:
    """For thread pools that read the environment; call it before importing a framework."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)


def read_idx(path: Path) -> numpy.ndarray:
    packed = path.with_name(path.name + ".gz")
    if packed.exists():
        content = gzip.decompress(packed.read_bytes())
    else:
        content = path.read_bytes()
    dimensions = content[3]
    shape = [int.from_bytes(content[4 + 4 * d:8 + 4 * d], "big") for d in range(dimensions)]
    if content[:3] != b"\0\0\x08" or len(content) != 4 + 4 * dimensions + math.prod(shape):
        raise SystemExit(f"{path}: not an IDX file of bytes")
    return numpy.frombuffer(content, numpy.uint8, offset=4 + 4 * dimensions).reshape(shape).copy()


def load(data: Path) -> tuple:
    """Training images [60000, 28, 28] and labels [60000]."""
    return (read_idx(data / "train-images-idx3-ubyte"),
            read_idx(data / "train-labels-idx1-ubyte"))


class Loop:
    """Epochs in new orders, one mini-batch after the other."""

    def __init__(self, peer, examples: int):
        self.peer, self.examples = peer, examples
        self.random = numpy.random.default_rng(0)
        self.losses = []

    def run(self, seconds: float = math.inf, epochs: int = 1 << 30) -> tuple:
        """Returns the examples per second of the steps alone and of everything."""
        examples, spent, metrics_every = 0, 0.0, self.examples // BATCH // POINTS
        begin = clock()
        for _ in range(epochs):
            order = self.random.permutation(self.examples)
            starts = range(0, self.examples, BATCH)
            for number, start in enumerate(starts, 1):
                index = order[start:start + BATCH]
                batch = self.peer.gather(index)
                step_begin = clock()
                self.peer.step(batch)
                spent += clock() - step_begin
                examples += len(index)
                ending = clock() - begin >= seconds
                if number % metrics_every == 0 or number == len(starts) or ending:
                    loss, _, count = self.peer.take_metrics()
                    self.losses.append(loss / count)
                if ending:
                    return examples / spent, examples / (clock() - begin)
        return examples / spent, examples / (clock() - begin)


def inference(peer, seconds: float) -> float:
    images = peer.inputs(BATCH)
    for limit in (seconds / 4, seconds):
        calls, begin = 0, clock()
        while clock() - begin < limit:
            peer.predict(images)
            calls += 1
    return calls * BATCH / (clock() - begin)


def latencies(peer, seconds: float) -> list:
    image = peer.inputs(1)
    for limit in (seconds / 4, seconds):
        times, begin = [], clock()
        while clock() - begin < limit:
            start = clock()
            peer.predict(image)
            times.append(clock() - start)
    return sorted(times)


def main(peer, examples: int, args: argparse.Namespace) -> None:
    loop = Loop(peer, examples)
    compile_both_sizes(peer, examples)
    if args.verify:
        loop.run(epochs=3)
        if not loop.losses[-1] < 0.7 * loop.losses[0]:
            raise SystemExit(f"{peer.name} does not learn: losses {loop.losses}")
    for _ in sys.stdin if args.on_request else range(1):
        result = measure(peer, loop, args)
        text = json.dumps(result) if args.json else "\n".join(f"{k}: {v}" for k, v in result.items())
        print(text, flush=True)


def compile_both_sizes(peer, examples: int) -> None:
    """Steps of whole mini-batches and of the last one of an epoch."""
    for size in (BATCH, examples % BATCH):
        if size:
            peer.step(peer.gather(numpy.arange(size)))


def measure(peer, loop: Loop, args: argparse.Namespace) -> dict:
    loop.run(args.seconds / 4)
    steps, epochs = loop.run(args.seconds)
    images = inference(peer, args.seconds / 2)
    times = latencies(peer, args.seconds / 2)
    # Keep in sync with BenchCommand.java, which prints the same fields.
    return {
        "framework": peer.name, "version": peer.version, "configuration": peer.configuration,
        "threads": args.threads, "batch": BATCH,
        "step_examples_per_second": steps, "epoch_examples_per_second": epochs,
        "inference_images_per_second": images,
        "latency_median_us": 1e6 * statistics.median(times),
        "latency_p99_us": 1e6 * times[(len(times) - 1) * 99 // 100],
        "first_loss": loop.losses[0], "last_loss": loop.losses[-1]}
