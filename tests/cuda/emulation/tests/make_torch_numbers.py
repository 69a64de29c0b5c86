"""Writes torch_numbers.h: what PyTorch computes from numbers.h's values. Run it once:

    python make_torch_numbers.py > torch_numbers.h
"""

import torch
import torch.nn.functional as F


def numbers(shape, seed):
    """numbers() of numbers.h."""
    state, values = (seed * 2654435761 + 1) % 2**32, []
    for _ in range(torch.Size(shape).numel()):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append((state >> 8) / 2**23 - 1)
    return torch.tensor(values, dtype=torch.float32).reshape(shape).double().requires_grad_()


def emit(name, tensor):
    values = ", ".join(f"{v:.9g}" for v in tensor.detach().flatten().tolist())
    print(f"const std::vector<double> {name} = {{{values}}};")


x, w, b = numbers((2, 2, 4, 4), 1), numbers((3, 2, 3, 3), 2), numbers((1, 3, 1, 1), 3)
dy = numbers((2, 3, 4, 4), 4).detach()
y = F.conv2d(x, w, padding=1)
y.backward(dy)

print("// Made by make_torch_numbers.py with PyTorch", torch.__version__)
print("#pragma once\n\n#include <vector>\n\nnamespace lenet::emulation::test {\n\n// clang-format off")
emit("kTorchConvolution", y)
emit("kTorchSigmoid", torch.sigmoid(y + b))
emit("kTorchTanh", torch.tanh(y + b))
emit("kTorchRelu", torch.relu(y + b))
emit("kTorchDx", x.grad)
emit("kTorchDw", w.grad)
emit("kTorchAverage", F.avg_pool2d(x, 2))
emit("kTorchMaximum", F.max_pool2d(x, 2))
x.grad = None
F.avg_pool2d(x, 2).backward(numbers((2, 2, 2, 2), 5).detach())
emit("kTorchAverageDx", x.grad)
# cuBLAS's matrices are column-major and have a leading dimension: row-major [columns, leading].
m, n, k, alpha, beta = 3, 4, 5, 0.5, -2.0
for ta in "NT":
    for tb in "NT":
        a = numbers((k, m + 1) if ta == "N" else (m, k + 1), 1).detach()
        b = numbers((n, k + 2) if tb == "N" else (k, n + 2), 2).detach()
        c = numbers((n, m + 3), 3).detach()
        left = a[:, :m].T if ta == "N" else a[:, :k]
        right = b[:, :k].T if tb == "N" else b[:, :n]
        c[:, :m] = torch.addmm(c[:, :m].T, left, right, beta=beta, alpha=alpha).T
        emit(f"kTorchProduct{ta}{tb}", c)
print("// clang-format on\n\n}  // namespace lenet::emulation::test")
