#!/usr/bin/env python3
"""roofline.py RESULTS.json PICTURE.png: the contestants under the machine's measured ceilings.

The memory traffic of each contestant is not measured. All stand at the intensity of the least
traffic that the work needs: an example's 784 pixels and label read once, and the parameters read and
written once per mini-batch.
"""
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import matplotlib
matplotlib.use("Agg")
from matplotlib import pyplot

from harness import report

PARAMETERS = 61706
BYTES = 784 + 4 + 2 * 4 * PARAMETERS / 256
INTENSITY = report.MEGAFLOP * 1e6 / BYTES


def main(results: Path, picture: Path) -> None:
    r = report.Results(json.loads(results.read_text()))
    threads = r.threads[-1]
    figure, axes = pyplot.subplots(figsize=(9, 6), dpi=100)
    bandwidth = max(row.median("triad_gb_per_second") for row in r.of("ceilings", threads))
    x = [2 ** (i / 8) for i in range(-8, 8 * 13)]
    for isa, style in zip(r.isas, ("-", "--", ":")):
        peak = r.peak(isa, threads)
        axes.plot(x, [min(peak, bandwidth * i) for i in x], style, color="black", linewidth=1.2)
        axes.text(x[0], peak * 1.04, f"{isa}: {peak:.0f} GFLOP/s", fontsize=9)
    axes.text(1.2, bandwidth * 1.35, f"memory: {bandwidth:.0f} GB/s", fontsize=9, rotation=38)
    rows = [*(r.lenet4j(isa, threads) for isa in r.isas), *r.of("peer", threads)]
    for row in rows:
        gigaflops = row.median("step_examples_per_second") * report.MEGAFLOP * 1e-3
        axes.plot(INTENSITY, gigaflops, "o", markersize=8,
                  label=f"{row.title}: {gigaflops:.0f} GFLOP/s")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=10)
    axes.set_xlabel(f"FLOP per byte of memory traffic (of the least that training needs:"
                    f" {INTENSITY:.0f})")
    axes.set_ylabel("GFLOP/s, counted as direct convolution")
    axes.set_title(f"Training LeNet, mini-batches of 256, {threads} threads")
    axes.legend(loc="lower left", bbox_to_anchor=(0.2, 0.02), fontsize=9)
    axes.grid(True, which="major", linewidth=0.3)
    figure.tight_layout()
    figure.savefig(picture, metadata={"Software": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
