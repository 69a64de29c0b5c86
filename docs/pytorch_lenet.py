"""Networks of lenet4j in PyTorch: loads a safetensors file that lenet4j wrote, and classifies images.

    pip install torch safetensors
    python docs/pytorch_lenet.py lenet.safetensors t10k-images-idx3-ubyte.gz

The other way round, lenet4j takes what safetensors.torch.save_file makes of such a network's state_dict; see save().
"""

import gzip
import sys

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}
POOLINGS = {"avg": nn.AvgPool2d, "max": nn.MaxPool2d}


class Standardize(nn.Module):
    """From pixels of 0 to 255 to what the first layer was trained on."""

    def __init__(self, scale: float, offset: float):
        super().__init__()
        self.scale, self.offset = scale, offset

    def forward(self, pixels):
        return pixels.float() * self.scale + self.offset


def lenet(activation="sigmoid", pooling="avg", classes=10):
    """The chapter's Sequential."""
    act, pool = ACTIVATIONS[activation], POOLINGS[pooling]
    return nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5, padding=2), act(), pool(kernel_size=2, stride=2),
        nn.Conv2d(6, 16, kernel_size=5), act(), pool(kernel_size=2, stride=2),
        nn.Flatten(),
        nn.Linear(16 * 5 * 5, 120), act(), nn.Linear(120, 84), act(), nn.Linear(84, classes))


def load(path):
    """The saved network: uint8 pixels [n, 1, 28, 28] in, logits [n, classes] out."""
    with safe_open(path, framework="pt") as file:
        about = file.metadata()
    weights = load_file(path)
    net = lenet(about["activation"], about["pooling"], len(weights["11.bias"]))
    net.load_state_dict(weights)
    return nn.Sequential(
        Standardize(float(about["input_scale"]), float(about["input_offset"])), net).eval()


def save(net, path, activation="sigmoid", pooling="avg", scale=1 / 255, offset=0.0):
    """Saves what lenet() made. A pixel p of 0 to 255 enters the network as p * scale + offset."""
    save_file(net.state_dict(), path, metadata={
        "activation": activation, "pooling": pooling,
        "input_scale": str(scale), "input_offset": str(offset)})


def read_images(path):
    """The images of an IDX file as uint8 [n, 1, 28, 28]."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        return torch.frombuffer(bytearray(file.read()[16:]), dtype=torch.uint8).view(-1, 1, 28, 28)


if __name__ == "__main__":
    with torch.no_grad():
        print(load(sys.argv[1])(read_images(sys.argv[2])).argmax(1).tolist())
