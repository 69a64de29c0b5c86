#!/usr/bin/env python3
"""Writes golden.json and classic-gradient.safetensors: what PyTorch says LeNet computes.

Needs torch only (the committed files: torch 2.13.0+cpu). README.md beside this file has the formulas.

    python make_golden.py              write the files again
    python make_golden.py --check      make them in memory and compare with the files
    python make_golden.py --float32    show how far float32 PyTorch itself is from the golden values
"""
import argparse
import json
import math
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import nn

HERE = Path(__file__).resolve().parent
STEPS = 10
IMAGE_STRIDE = 80  # cases start at a multiple of this image number
# The least distance from any kink (relu at 0, another maximum of a pooling window): at step 0, whose
# gradients are compared entry by entry, and at the later steps.
MARGINS = (1e-6, 5e-7)
SAMPLES = 32

# ---- CounterRandom (org.lenet4j.engine.CounterRandom) ----

MASK = (1 << 64) - 1
STREAMS = ("INIT", "SHUFFLE", "AUGMENT", "SAMPLE")


def _mix(h: int, value: int) -> int:
    """mix64((h ^ value) + golden gamma)."""
    z = ((h ^ (value & MASK)) + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


@lru_cache(maxsize=4096)
def _key(seed: int, stream: str, epoch: int) -> int:
    return _mix(_mix(_mix(0, seed), STREAMS.index(stream)), epoch)


def bits(seed: int, stream: str, epoch: int, index: int) -> int:
    """64 random bits, unsigned."""
    return _mix(_key(seed, stream, epoch), index)


def uniform(seed: int, stream: str, epoch: int, index: int) -> float:
    return (bits(seed, stream, epoch, index) >> 40) * 2.0**-24


def permutation(n: int, seed: int, epoch: int) -> list:
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        j = ((bits(seed, "SHUFFLE", epoch, i) >> 32) * (i + 1)) >> 32
        order[i], order[j] = order[j], order[i]
    return order


# ---- weights and images by formula ----

ARENA_NAMES = [f"{layer}.{kind}" for layer in ("conv1", "conv2", "fc1", "fc2", "fc3")
               for kind in ("weight", "bias")]


def network(activation: str, pooling: str) -> nn.Sequential:
    act = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}[activation]
    pool = {"avg": nn.AvgPool2d, "max": nn.MaxPool2d}[pooling]
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), act(), pool(2, 2),
        nn.Conv2d(6, 16, 5), act(), pool(2, 2), nn.Flatten(),
        nn.Linear(400, 120), act(), nn.Linear(120, 84), act(), nn.Linear(84, 10))


@lru_cache(maxsize=None)
def initial_weights() -> tuple:
    """The ten tensors in arena order, float32."""
    tensors, start, fan_in = [], 0, 0
    for parameter in network("sigmoid", "avg").parameters():
        shape = parameter.shape
        if len(shape) > 1:
            taps = math.prod(shape[2:])
            fan_in = shape[1] * taps
            bound = math.sqrt(6 / (fan_in + shape[0] * taps))
        else:
            bound = 1 / math.sqrt(fan_in)
        values = [(2 * uniform(1, "INIT", 0, i) - 1) * bound
                  for i in range(start, start + parameter.numel())]
        start += parameter.numel()
        tensors.append(torch.tensor(values, dtype=torch.float64).float().reshape(shape))
    return tuple(tensors)


def pixel(image: int, p: int) -> int:
    b = bits(2, "SAMPLE", image, p)
    return 0 if b >> 62 == 0 else (b >> 40) & 255


@lru_cache(maxsize=None)
def pixels(image: int) -> torch.Tensor:
    return torch.tensor([pixel(image, p) for p in range(784)], dtype=torch.uint8)


def label(image: int) -> int:
    return bits(3, "SAMPLE", 0, image) % 10


# ---- cases ----


@dataclass(frozen=True)
class Case:
    name: str
    activation: str
    pooling: str
    lr: float
    batch: int = 8
    scale: float = 1 / 255  # scale and offset are used as the nearest float32
    offset: float = 0.0
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    label_smoothing: float = 0.0


CASES = [
    Case("classic", "sigmoid", "avg", 0.9),
    Case("sigmoid-max", "sigmoid", "max", 0.9),
    Case("tanh-avg", "tanh", "avg", 0.05),
    Case("tanh-max", "tanh", "max", 0.05),
    Case("relu-avg", "relu", "avg", 0.05),
    Case("relu-max", "relu", "max", 0.05),
    Case("offset", "sigmoid", "avg", 0.9, scale=1 / 255 / 0.3530, offset=-0.2860 / 0.3530),
    Case("momentum", "relu", "max", 0.05, momentum=0.9),
    Case("decay", "relu", "max", 0.05, weight_decay=5e-4),
    Case("smoothing", "relu", "max", 0.05, label_smoothing=0.1),
    Case("modern", "relu", "max", 0.05, momentum=0.9, nesterov=True, weight_decay=5e-4,
         label_smoothing=0.1),
    Case("tail", "sigmoid", "avg", 0.9, batch=3),
]


def float32(value: float) -> float:
    return struct.unpack("<f", struct.pack("<f", value))[0]


def forward(net: nn.Sequential, x: torch.Tensor) -> tuple:
    """The logits and the distance of the nearest kink."""
    margin = math.inf
    for layer in net:
        if isinstance(layer, nn.ReLU):
            margin = min(margin, x.detach().abs().min().item())
        elif isinstance(layer, nn.MaxPool2d):
            windows = x.detach().unfold(2, 2, 2).unfold(3, 2, 2).flatten(-2)
            top = windows.topk(2).values
            gaps = top[..., 0] - top[..., 1]
            margin = min(margin, gaps[gaps > 0].min().item())  # exact ties: relu's zeros
        x = layer(x)
    return x, margin


def train(case: Case, first: int, dtype: torch.dtype) -> dict:
    """Ten steps on images first, first + 1, ...; parameters and velocities are kept as float32."""
    net = network(case.activation, case.pooling).to(dtype)
    parameters = list(net.parameters())
    with torch.no_grad():
        for parameter, value in zip(parameters, initial_weights()):
            parameter.copy_(value)
    optimizer = torch.optim.SGD(parameters, lr=case.lr, momentum=case.momentum,
                                nesterov=case.nesterov, weight_decay=case.weight_decay)
    result = {"losses": [], "margins": []}
    for step in range(STEPS):
        images = range(first + step * case.batch, first + (step + 1) * case.batch)
        x = torch.stack([pixels(n) for n in images]).to(dtype).reshape(-1, 1, 28, 28)
        logits, margin = forward(net, x * float32(case.scale) + float32(case.offset))
        loss = nn.functional.cross_entropy(logits, torch.tensor([label(n) for n in images]),
                                           label_smoothing=case.label_smoothing)
        optimizer.zero_grad()
        loss.backward()
        result["losses"].append(loss.item())
        result["margins"].append(margin)
        if step == 0:
            result["logits"] = logits.detach()
            result["gradient"] = [p.grad.clone() for p in parameters]
        optimizer.step()
        with torch.no_grad():
            for stored in parameters + [s["momentum_buffer"] for s in optimizer.state.values()
                                        if s.get("momentum_buffer") is not None]:
                stored.copy_(stored.float())
    result["final"] = [p.detach() for p in parameters]
    return result


def train_off_kinks(case: Case) -> tuple:
    """The first images on which no step comes near a kink, and the run on them."""
    for first in range(0, 100 * IMAGE_STRIDE, IMAGE_STRIDE):
        result = train(case, first, torch.float64)
        if result["margins"][0] >= MARGINS[0] and min(result["margins"]) >= MARGINS[1]:
            return first, result
    raise AssertionError(f"{case.name}: every set of images comes near a kink")


# ---- files ----


def sample_indices(size: int) -> list:
    return list(range(size)) if size <= SAMPLES else [k * size // SAMPLES for k in range(SAMPLES)]


def number(value: float) -> float:
    """Ten significant digits: finer than float32, coarser than what processors disagree about."""
    return float(f"{value:.10g}")


def summary(tensors) -> dict:
    out = {}
    for name, tensor in zip(ARENA_NAMES, tensors):
        flat = tensor.double().flatten()
        total, norm = math.fsum(flat.tolist()), flat.norm().item()
        if abs(total) < 1e-12 * norm:  # fc3's gradients: the classes' sum to 0 but for rounding
            total = 0.0
        out[name] = {"sum": number(total), "norm": number(norm),
                     "max": number(flat.abs().max().item()),
                     "samples": [number(flat[i].item()) for i in sample_indices(len(flat))]}
    return out


def case_json(case: Case, first: int, result: dict) -> dict:
    return {
        "name": case.name, "activation": case.activation, "pooling": case.pooling,
        "batch": case.batch, "firstImage": first, "scale": float32(case.scale),
        "offset": float32(case.offset), "learningRate": case.lr, "momentum": case.momentum,
        "nesterov": case.nesterov, "weightDecay": case.weight_decay,
        "labelSmoothing": case.label_smoothing,
        "margins": [float(f"{v:.3g}") for v in result["margins"] if math.isfinite(v)],
        "losses": [number(v) for v in result["losses"]],
        "logits": [[number(v) for v in row] for row in result["logits"].tolist()],
        "gradient": summary(result["gradient"]),
        "finalParameters": summary(result["final"]),
    }


RANDOM_TUPLES = [
    (0, "INIT", 0, 0), (0, "INIT", 0, 1), (0, "SHUFFLE", 0, 0), (0, "INIT", 1, 0),
    (1, "INIT", 0, 61705), (42, "SHUFFLE", 0, 9), (42, "AUGMENT", 9, 59999),
    (2, "SAMPLE", 7, 783), (-1, "INIT", 0, 0), (-42, "AUGMENT", 3, 12345),
    (2**63 - 1, "SHUFFLE", 2**31 - 1, 2**31 - 1), (-(2**63), "SAMPLE", 2**40 + 1, 2**50 + 3),
    (0x123456789ABCDEF, "AUGMENT", -1, -2),
]


def golden_json(runs: list) -> dict:
    offsets, tensors = 0, []
    for name, tensor in zip(ARENA_NAMES, initial_weights()):
        tensors.append({"name": name, "shape": list(tensor.shape), "offset": offsets,
                        "sampleIndices": sample_indices(tensor.numel())})
        offsets += tensor.numel()
    return {
        "torch": torch.__version__,
        "random": {
            "bits": [{"seed": s, "stream": t, "epoch": e, "index": i,
                      "bits": f"{bits(s, t, e, i):016x}", "uniform": uniform(s, t, e, i)}
                     for s, t, e, i in RANDOM_TUPLES],
            "permutation": {"n": 10, "seed": 42, "epoch": 0, "order": permutation(10, 42, 0)},
        },
        "tensors": tensors,
        "initialParameters": summary(initial_weights()),
        "images": [{"image": n, "label": label(n), "sum": int(pixels(n).sum()),
                    "firstPixels": pixels(n)[:16].tolist()} for n in (0, 1, 7, 79)],
        "cases": [case_json(case, first, result) for case, first, result in runs],
    }


def pretty(value, indent: str = "") -> str:
    """JSON with one line for each value that fits into 120 columns or holds only numbers."""
    line = json.dumps(value)
    numbers_only = isinstance(value, list) and not any(isinstance(v, (dict, list)) for v in value)
    if numbers_only or not isinstance(value, (dict, list)) or len(indent) + len(line) < 120:
        return line
    inner = indent + " "
    if isinstance(value, dict):
        body = [f"{inner}{json.dumps(k)}: {pretty(v, inner)}" for k, v in value.items()]
        return "{\n" + ",\n".join(body) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + pretty(v, inner) for v in value) + f"\n{indent}]"


def safetensors(names, tensors) -> bytes:
    header, data = {}, b""
    for name, tensor in zip(names, tensors):
        flat = tensor.flatten().tolist()
        raw = struct.pack(f"<{len(flat)}f", *flat)
        header[name] = {"dtype": "F32", "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def show_float32(runs: list) -> None:
    print(f"{'case':12} {'loss 0':>8} {'losses':>8} {'logits':>8} {'gradient':>8} "
          f"{'final':>8}   (gradient and final: worst |error| / largest entry of its tensor)")
    for case, first, exact in runs:
        single = train(case, first, torch.float32)
        losses = [abs(a - b) for a, b in zip(single["losses"], exact["losses"])]
        logits = (single["logits"].double() - exact["logits"]).abs().max().item()
        worst = [max(((a.double() - b).abs().max() / b.abs().max()).item()
                     for a, b in zip(single[key], exact[key])) for key in ("gradient", "final")]
        print(f"{case.name:12} {losses[0]:8.1e} {max(losses):8.1e} "
              f"{logits:8.1e} {worst[0]:8.1e} {worst[1]:8.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--float32", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.backends.nnpack.set_flags(False)  # only for its warnings on some processors

    runs = [(case, *train_off_kinks(case)) for case in CASES]
    if args.float32:
        show_float32(runs)
        return
    keys = list(network("sigmoid", "avg").state_dict())
    files = {
        "golden.json": (pretty(golden_json(runs)) + "\n").encode(),
        "classic-gradient.safetensors": safetensors(keys, runs[0][2]["gradient"]),
    }
    for name, content in files.items():
        path = HERE / name
        if not args.check:
            path.write_bytes(content)
            print(f"{name}: {len(content)} bytes")
        elif path.read_bytes() != content:
            raise SystemExit(f"{name} differs from what torch {torch.__version__} makes")


if __name__ == "__main__":
    main()
