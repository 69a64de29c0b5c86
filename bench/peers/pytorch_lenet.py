#!/usr/bin/env python3
"""The PyTorch peer of `lenet4j bench`: classic LeNet on Fashion-MNIST on the CPU.

Needs torch only. The same work: 5x5 convolutions, sigmoid, average pooling, Xavier-uniform weights with
PyTorch's default biases, batch 256 (last batch 96), every epoch in a new order, mean softmax
cross-entropy, SGD with rate 0.9, and the running loss and accuracy of each batch before its update.
A step is zero_grad + forward + loss + backward + update + those two metrics. Its time leaves out
shuffling and gathering the batch; whole_epoch_examples_per_second includes them. Neither includes
evaluation or the warm-up (one forward and backward of each batch size, for compiling, no update).

Measure on an idle machine: with as many threads as cores, one other busy process makes OpenMP's barriers
wait for it and costs up to a factor of 30. Compare median steps, and look at max_step_ms.

One JSON line per epoch and a last one with "final": true.

Memory: glibc by default gives large blocks back to the system after every step, and page faults then
decide the speed. For a fair peer, tell it not to, through the environment (32 MiB is glibc's most for
the first one):

    MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=1073741824 MALLOC_TOP_PAD_=67108864 \\
        python pytorch_lenet.py --threads 2 --mode compiled
"""
import argparse
import gzip
import json
import math
import os
import statistics
import time
from pathlib import Path

import torch
from torch import nn

BATCH = 256
RATE = 0.9


def read_idx(path: Path) -> torch.Tensor:
    with gzip.open(path) as file:
        content = file.read()
    dimensions = content[3]
    shape = [int.from_bytes(content[4 + 4 * d:8 + 4 * d], "big") for d in range(dimensions)]
    if content[:3] != b"\0\0\x08" or len(content) != 4 + 4 * dimensions + math.prod(shape):
        raise SystemExit(f"{path}: not an IDX file of bytes")
    return torch.frombuffer(bytearray(content), dtype=torch.uint8,
                            offset=4 + 4 * dimensions).reshape(shape)


def load(data: Path, part: str) -> tuple:
    images = read_idx(data / f"{part}-images-idx3-ubyte.gz").unsqueeze(1)
    return images, read_idx(data / f"{part}-labels-idx1-ubyte.gz").long()


def lenet() -> nn.Sequential:
    net = nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, stride=2),
        nn.Conv2d(6, 16, kernel_size=5), nn.Sigmoid(), nn.AvgPool2d(2, stride=2), nn.Flatten(),
        nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10))
    for layer in net:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(layer.weight)
    return net


def emit(**fields) -> None:
    print(json.dumps({k: float(f"{v:.6g}") if isinstance(v, float) else v
                      for k, v in fields.items()}), flush=True)


class Trainer:
    def __init__(self, mode: str):
        self.net = lenet()
        self.format = torch.contiguous_format
        if mode == "channels_last":
            self.format = torch.channels_last
            self.net.to(memory_format=self.format)
        self.forward = self._forward
        if mode == "compiled":
            self.forward = torch.compile(self._forward, dynamic=False)
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=RATE)

    def _forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple:
        logits = self.net(x)
        return nn.functional.cross_entropy(logits, y), logits

    def gather(self, images: torch.Tensor, index) -> torch.Tensor:
        return (images[index].float() / 255).contiguous(memory_format=self.format)

    def warm_up(self, batch: int) -> None:
        x = torch.rand(batch, 1, 28, 28).contiguous(memory_format=self.format)
        self.forward(x, torch.zeros(batch, dtype=torch.long))[0].backward()

    def step(self, x: torch.Tensor, y: torch.Tensor, loss_sum: torch.Tensor,
             correct: torch.Tensor) -> None:
        self.optimizer.zero_grad()
        loss, logits = self.forward(x, y)
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            loss_sum += loss * len(y)
            correct += (logits.argmax(dim=1) == y).sum()

    @torch.no_grad()
    def accuracy(self, images: torch.Tensor, labels: torch.Tensor) -> float:
        correct = 0
        for start in range(0, len(labels), BATCH):
            part = slice(start, start + BATCH)
            correct += (self.net(self.gather(images, part)).argmax(1) == labels[part]).sum().item()
        return correct / len(labels)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"),
                        help="directory of the four IDX .gz files (default %(default)s)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=math.inf,
                        help="stop after this many seconds of steps")
    parser.add_argument("--mode", choices=("eager", "channels_last", "compiled"), default="eager",
                        help="compiled: torch.compile of network and loss")
    parser.add_argument("--accuracy", action="store_true", help="test accuracy after each epoch")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    args = parse()
    torch.set_num_threads(args.threads)
    torch.backends.nnpack.set_flags(False)  # probed and refused on every convolution on some CPUs
    torch.manual_seed(args.seed)
    images, labels = load(args.data, "train")
    test = load(args.data, "t10k") if args.accuracy else None
    trainer = Trainer(args.mode)
    for batch in (BATCH, len(labels) % BATCH):
        if batch:
            trainer.warm_up(batch)

    clock = time.perf_counter
    steps, examples, spent, wall = [], 0, 0.0, 0.0
    for epoch in range(args.epochs):
        loss_sum, correct, seen, epoch_spent = torch.zeros(()), torch.zeros(()), 0, 0.0
        begin = clock()
        for index in torch.randperm(len(labels)).split(BATCH):
            x, y = trainer.gather(images, index), labels[index]
            start = clock()
            trainer.step(x, y, loss_sum, correct)
            took = clock() - start
            seen += len(y)
            epoch_spent += took
            if len(y) == BATCH:
                steps.append(took)
            if spent + epoch_spent >= args.seconds:
                break
        epoch_wall = clock() - begin
        examples, spent, wall = examples + seen, spent + epoch_spent, wall + epoch_wall
        fields = {"epoch": epoch + 1, "examples": seen, "loss": loss_sum.item() / seen,
                  "train_accuracy": correct.item() / seen}
        if test:
            fields["test_accuracy"] = trainer.accuracy(*test)
        emit(**fields, examples_per_second=seen / epoch_spent,
             whole_epoch_examples_per_second=seen / epoch_wall)
        if spent >= args.seconds:
            break
    emit(final=True, framework="pytorch", version=torch.__version__, mode=args.mode,
         threads=args.threads, batch=BATCH, seed=args.seed, examples=examples,
         examples_per_second=examples / spent, whole_epoch_examples_per_second=examples / wall,
         median_examples_per_second=BATCH / statistics.median(steps), steps_256=len(steps),
         median_step_ms=1e3 * statistics.median(steps), min_step_ms=1e3 * min(steps),
         max_step_ms=1e3 * max(steps),
         malloc={k: v for k, v in sorted(os.environ.items()) if k.startswith("MALLOC_")})


if __name__ == "__main__":
    main()
