#!/usr/bin/env python3
"""The PyTorch peer of `bench/run`: classic LeNet on the CPU, see measure.py for the rules.

Modes: compiled (torch.compile of network and loss, the fastest) and eager, each also with images
as NHWC (channels_last). Compiling the update, too, made it slower.
"""
import measure

MODES = ("compiled", "compiled_channels_last", "eager", "eager_channels_last")
args = measure.parse(__doc__, MODES)
measure.limit_threads(args.threads)

import torch  # After the environment is set.
from torch import nn


def lenet() -> nn.Sequential:
    net = nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, stride=2),
        nn.Conv2d(6, 16, kernel_size=5), nn.Sigmoid(), nn.AvgPool2d(2, stride=2), nn.Flatten(),
        nn.Linear(400, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10))
    for layer in net:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(layer.weight)
    return net


class Peer:
    name = "PyTorch"
    version = torch.__version__

    def __init__(self, images, labels, mode: str):
        self.configuration = mode
        self.images = torch.from_numpy(images).unsqueeze(1)
        self.labels = torch.from_numpy(labels).long()
        self.net = lenet()
        self.format = torch.contiguous_format
        if mode.endswith("channels_last"):
            self.format = torch.channels_last
            self.net.to(memory_format=self.format)
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=measure.RATE)
        self.forward, self.probabilities = self._forward, self._probabilities
        if mode.startswith("compiled"):
            self.forward = torch.compile(self._forward, dynamic=False)
            self.probabilities = torch.compile(self._probabilities, dynamic=False)
        self.reset()

    def _forward(self, x, y):
        logits = self.net(x)
        return nn.functional.cross_entropy(logits, y), (logits.argmax(dim=1) == y).sum()

    def _probabilities(self, pixels):
        x = (pixels.float() / 255).contiguous(memory_format=self.format)
        return self.net(x).softmax(dim=1)

    def gather(self, index):
        index = torch.from_numpy(index)
        x = (self.images[index].float() / 255).contiguous(memory_format=self.format)
        return x, self.labels[index]

    def step(self, batch) -> None:
        x, y = batch
        self.optimizer.zero_grad()
        loss, hits = self.forward(x, y)
        loss.backward()
        self.optimizer.step()
        self.loss += loss.detach() * len(y)
        self.hits += hits
        self.count += len(y)

    def reset(self) -> None:
        self.loss, self.hits, self.count = torch.zeros(()), torch.zeros((), dtype=torch.long), 0

    def take_metrics(self) -> tuple:
        metrics = self.loss.item(), self.hits.item(), self.count
        self.reset()
        return metrics

    def inputs(self, count: int):
        return self.images[:count]

    def predict(self, pixels):
        with torch.inference_mode():
            return self.probabilities(pixels)


torch.set_num_threads(args.threads)
torch.backends.nnpack.set_flags(False)  # Probed and refused on every convolution on some CPUs.
torch.manual_seed(0)
data = measure.load(args.data)
measure.main(Peer(*data, args.mode), len(data[1]), args)
