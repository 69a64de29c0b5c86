"""Tables from a run's results: for the terminal and, the same ones, for the documents."""
import statistics
from dataclasses import dataclass

# Multiply-adds of a training example with direct convolution, forward and backward without the
# gradient of the input, times two. `lenet4j summary` shows the forward pass: 0.833 of these 2.264.
MEGAFLOP = 2.264


@dataclass
class Row:
    """One contestant at one number of threads."""
    name: str
    kind: str
    threads: int
    isa: str
    samples: list

    def median(self, field: str) -> float:
        return statistics.median(sample[field] for sample in self.samples)

    def spread(self, field: str, form: str = "{:,.0f}") -> str:
        """median (min-max)"""
        values = sorted(sample[field] for sample in self.samples)
        middle, low, high = (form.format(v) for v in
                             (statistics.median(values), values[0], values[-1]))
        return f"{middle} ({low}-{high})"

    @property
    def title(self) -> str:
        if self.kind != "peer":
            return self.name
        sample = self.samples[0]
        return f"{sample['framework']} {sample['version']}, {sample['configuration']}"


class Results:
    def __init__(self, results: dict):
        self.raw = results
        self.rows = [Row(**row) for row in results["contestants"]]
        self.isas = results["isas"]
        self.threads = sorted({row.threads for row in self.rows})

    def of(self, kind: str, threads: int) -> list:
        return [row for row in self.rows if row.kind == kind and row.threads == threads]

    def lenet4j(self, isa: str, threads: int) -> Row:
        return next(row for row in self.of("lenet4j", threads) if row.isa == isa)

    def peak(self, isa: str, threads: int) -> float:
        """GFLOP/s"""
        return next(row for row in self.of("ceilings", threads) if row.isa == isa).median("gflops")

    def best_peer(self, threads: int, field: str, best=max) -> float:
        return best((row.median(field) for row in self.of("peer", threads)), default=float("nan"))

    def percent_of_peak(self, row: Row, isa: str) -> float:
        rate = row.median("step_examples_per_second")
        return 100 * rate * MEGAFLOP * 1e-3 / self.peak(isa, row.threads)


def number(value: float, form: str) -> str:
    return "" if value != value else form.format(value)


def headline(r: Results) -> list:
    """The shortest answer: everybody's medians, and how lenet4j compares with the best of them."""
    first, last = r.threads[0], r.threads[-1]
    columns = [(f"steps, {of_threads(first)}", first, "step_examples_per_second", "{:,.0f}", max),
               (f"steps, {of_threads(last)}", last, "step_examples_per_second", "{:,.0f}", max),
               (f"whole epochs, {of_threads(last)}", last, "epoch_examples_per_second", "{:,.0f}", max),
               ("one image, us", first, "latency_median_us", "{:,.1f}", min)]
    if first == last:
        del columns[0]
    table = [["examples/s", *(column[0] for column in columns)]]
    for row in [r.lenet4j(r.isas[0], last), *r.of("peer", last)]:
        cells = [next((form.format(other.median(field)) for other in r.of(row.kind, threads)
                       if other.name == row.name), "") for _, threads, field, form, _ in columns]
        table.append([row.title, *cells])
    if r.of("peer", last):
        ratios = []
        for _, threads, field, _, best in columns:
            ratio = r.lenet4j(r.isas[0], threads).median(field) / r.best_peer(threads, field, best)
            ratios.append(number(ratio if best is max else 1 / ratio, "{:.1f} times"))
        table.append(["lenet4j's speed to the best of the others", *ratios])
    return table


def of_threads(count: int) -> str:
    return f"{count} thread" + "s" * (count > 1)


def steps(r: Results) -> list:
    table = [["training, examples/s", "threads", "steps: median (min-max)", "to best peer",
              "of FMA peak", "whole epochs: median (min-max)", "to its steps"]]
    field = "step_examples_per_second"
    for threads in r.threads:
        for row in [r.lenet4j(r.isas[0], threads), *r.of("peer", threads)]:
            table.append([
                row.title, str(threads), row.spread(field),
                number(row.median(field) / r.best_peer(threads, field), "{:.2f}x"),
                f"{r.percent_of_peak(row, r.isas[0]):.0f} %",
                row.spread("epoch_examples_per_second"),
                f"{100 * row.median('epoch_examples_per_second') / row.median(field):.0f} %"])
    return table


def instruction_sets(r: Results) -> list:
    table = [["lenet4j on", "threads", "steps: median (min-max)", "to best peer", "FMA peak, GFLOP/s",
              "of it", "whole epochs: median (min-max)"]]
    field = "step_examples_per_second"
    for threads in r.threads:
        for isa in r.isas:
            row = r.lenet4j(isa, threads)
            table.append([
                isa, str(threads), row.spread(field),
                number(row.median(field) / r.best_peer(threads, field), "{:.2f}x"),
                f"{r.peak(isa, threads):.0f}", f"{r.percent_of_peak(row, isa):.0f} %",
                row.spread("epoch_examples_per_second")])
    return table


def inference(r: Results) -> list:
    table = [["prediction", "threads", "256 at a time, images/s", "to best peer",
              "one image, us: median", "99th percentile"]]
    field = "inference_images_per_second"
    for threads in r.threads:
        for row in [*(r.lenet4j(isa, threads) for isa in r.isas), *r.of("peer", threads)]:
            table.append([
                row.title, str(threads), row.spread(field),
                number(row.median(field) / r.best_peer(threads, field), "{:.2f}x"),
                row.spread("latency_median_us", "{:,.1f}"),
                row.spread("latency_p99_us", "{:,.1f}")])
    return table


def layers(r: Results) -> list:
    """Each kernel where it stands in a step, on one thread."""
    table = [["kernel", "us per tile: median (min-max)", "share", "FMA-bound, us", "of it"]]
    row = next(row for row in r.rows if row.kind == "kernels")
    step = statistics.median(sample["all kernels"]["median_ns_per_tile"] for sample in row.samples)
    for kernel in row.samples[0]:
        times = Row(kernel, "", 1, row.isa, [
            {name: sample[kernel][name] * 1e-3
             for name in ("median_ns_per_tile", "ideal_ns_per_tile")} for sample in row.samples])
        median, ideal = times.median("median_ns_per_tile"), times.median("ideal_ns_per_tile")
        table.append([kernel, times.spread("median_ns_per_tile", "{:.1f}"),
                      f"{100 * median / (step * 1e-3):.0f} %",
                      f"{ideal:.1f}" if ideal else "", f"{100 * ideal / median:.0f} %" if ideal else ""])
    return table


def wall(r: Results) -> list:
    rows = [row for row in r.rows if row.kind == "wall"]
    if not rows:
        return []
    parts = ["start-up", "load", "train", "evaluate", "rest"]
    return [["`train`, seconds in all: median (min-max)", *parts, "most memory, MiB"],
            *([row.spread("total", "{:.2f}"), *(f"{row.median(part):.2f}" for part in parts),
               row.spread("resident_mib")] for row in rows)]


def ceilings(r: Results) -> list:
    table = [["ceiling", "threads", "multiply-adds, GFLOP/s", "memory (triad), GB/s"]]
    for threads in r.threads:
        for row in r.of("ceilings", threads):
            table.append([row.isa, str(threads), row.spread("gflops", "{:.0f}"),
                          row.spread("triad_gb_per_second", "{:.1f}")])
    return table


def machine(r: Results) -> list:
    facts = r.raw["machine"]
    return [["machine", ""], *([name, str(value)] for name, value in facts.items()),
            ["rounds", f"{r.raw['rounds']} of {r.raw['seconds']} s, {r.raw['date']},"
                       f" {r.raw['minutes']:.1f} minutes in all"],
            *(["not measured", f"{name}: {why}"] for name, why in r.raw["missing"].items())]


TABLES = {"headline": headline, "steps": steps, "instruction-sets": instruction_sets, "layers": layers,
          "inference": inference, "wall": wall, "ceilings": ceilings, "machine": machine}


def text(results: dict) -> str:
    r = Results(results)
    return "\n\n".join(aligned(table) for table in (make(r) for make in TABLES.values()) if table) + "\n"


def aligned(table: list) -> str:
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                     for row in table)


def markdown(table: list) -> str:
    if not table:
        return "Not measured."
    head, *body = table
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
