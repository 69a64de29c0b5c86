"""The stages. Each takes the run, adds its checks to the report and never ends the program."""
import gzip
import json
import os
import re
import signal
import statistics
import struct
import subprocess
import threading
import time
import xml.etree.ElementTree as xml
from dataclasses import dataclass
from pathlib import Path

from gpu_check import build, machine
from gpu_check.machine import ROOT, WORK
from gpu_check.report import FAILED, NOT_RUN, PASSED, SKIPPED, Report, code, table

# Of the pom's cuda.tests, those that have nothing to ask of a GPU.
WITHOUT_DEVICE = {
    "CudaLoadingTest": "loads emulated libraries from many places",
    "CudaMessagesTest": "is about machines that lack something",
    "PresetsConstantsTest": "compares headers"}
QUICK_TESTS = ("GoldenTest", "ParityTest", "CudaEngineTest")
# Short, and yet every kernel and every plan of a training: one epoch with a tail, evaluated between
# the steps, and gradients of other batch sizes.
SANITIZED = "CudaParity.TrainingIsNotDisturbed:Variants.GradientsOfAnyBatchSize/3"
SANITIZERS = ("memcheck", "racecheck", "initcheck", "synccheck")


@dataclass
class Outcome:
    status: int  # of the process; None: ran out of time
    output: str
    seconds: float

    @property
    def ok(self) -> bool:
        return self.status == 0

    def why(self) -> str:
        if self.status is None:
            return f"out of time after {self.seconds:.0f} s"
        lines = [line for line in self.output.strip().splitlines() if line.strip()]
        return f"status {self.status}: {lines[-1][:300] if lines else 'no output'}"


class Run:
    def __init__(self, options, report: Report, folders: list):
        self.options, self.report, self.folders = options, report, folders
        self.end = time.monotonic() + 60 * options.minutes
        self.quick, self.emulated = options.quick, options.emulated
        self.environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(folders),
                            "LENET_CUDA_PLUGIN": str(build.PLUGIN)}
        self.properties = {"lenet4j.cuda.path": ":".join(folders)}
        if self.emulated:
            self.environment["LENET_EMU_KERNELS"] = str(machine.EMULATION / "liblenet_emu_kernels.so")
        else:
            self.environment.pop("LENET_EMU_KERNELS", None)
        if (build.CACHE / "fashion-mnist").exists():
            self.environment["LENET4J_CACHE"] = str(build.CACHE)
        self.data = small_data() if self.emulated else None

    def left(self) -> float:
        return self.end - time.monotonic()

    def call(self, log: str, command: list, limit: float) -> Outcome:
        """Runs a command in a process group of its own, which is ended when its time is up."""
        limit = max(1.0, min(limit, self.left()))
        path = WORK / "logs" / f"{log}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        start = time.monotonic()
        with path.open("w") as output:
            process = subprocess.Popen([str(part) for part in command], cwd=ROOT, stdout=output,
                                       stderr=subprocess.STDOUT, env=self.environment,
                                       start_new_session=True)
            try:
                status = process.wait(limit)
            except BaseException as stopped:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if not isinstance(stopped, subprocess.TimeoutExpired):
                    raise
                status = None
        return Outcome(status, path.read_text(errors="replace"), time.monotonic() - start)

    def lenet4j(self, log: str, *arguments, limit: float = 120) -> Outcome:
        options = [f"-D{name}={value}" for name, value in self.properties.items()]
        if arguments[0] in ("train", "bench") and self.data:
            arguments += ("--data", self.data)
        return self.call(log, [build.java(), *options, "-jar", build.jar(), *arguments], limit)

    def check(self, stage: str, name: str, outcome: Outcome, ok: bool = True, detail: str = "") -> bool:
        passed = outcome.ok and ok
        self.report.add(stage, name, PASSED if passed else FAILED, outcome.seconds,
                        detail if outcome.ok else outcome.why())
        if not passed:
            self.report.section(f"{stage}: {name}", *code(outcome.output))
        return passed


def small_data() -> Path:
    """The first examples of Fashion-MNIST: emulated, all of them would take an hour."""
    folder = WORK / "small"
    folder.mkdir(parents=True, exist_ok=True)
    for part, count in (("train", 600), ("t10k", 100)):
        for kind, header, size in (("images-idx3", 16, 784), ("labels-idx1", 8, 1)):
            name = f"{part}-{kind}-ubyte.gz"
            with gzip.open(build.dataset() / name) as file:
                content = file.read(header + count * size)
            with gzip.open(folder / name, "wb", 1) as file:
                file.write(content[:4] + struct.pack(">I", count) + content[8:])
    return folder


def doctor(run: Run) -> None:
    outcome = run.lenet4j("doctor", "doctor")
    lines = [line for line in outcome.output.splitlines() if re.match("(ok|problem) ", line)]
    problems = [line for line in lines if line.startswith("problem")]
    run.check("doctor", "finds engine, libraries, driver and device", outcome,
              not problems and "cuda:0" in outcome.output, "; ".join(problems))
    run.report.section("What doctor says", *code("\n".join(lines)))


def native_tests(run: Run) -> None:
    """tests/cuda/engine as far as it asks nothing of the emulation; its ledger and faults stay with
    the emulation, which alone can count and inject them."""
    chosen = ["--gtest_filter=" + SANITIZED] if run.quick else []
    outcome = run.call("native", [build.NATIVE_TESTS, *chosen], 180)
    passed = re.search(r"\[  PASSED  \] (\d+) tests?", outcome.output)
    failed = re.findall(r"^\[  FAILED  \] (\S+?),? .*ms\)", outcome.output, re.MULTILINE)
    run.check("native", "engine beside the cpu engine", outcome, bool(passed),
              f"{passed[1] if passed else 0} passed" + (f", failed: {' '.join(failed)}" if failed else ""))


def java_tests(run: Run) -> None:
    """Those of the pom's cuda.tests, each class in a JVM of its own, so that one that hangs or dies
    takes no other along."""
    quick = QUICK_TESTS[:1] if run.emulated else QUICK_TESTS
    for name in build.java_test_names():
        if name in WITHOUT_DEVICE:
            if not run.quick:
                run.report.add("Java", name, SKIPPED, 0, f"{WITHOUT_DEVICE[name]}; part of mvn -Pgpu verify")
            continue
        if run.quick and name not in quick:
            continue
        if run.left() < 5:
            run.report.add("Java", name, NOT_RUN, 0, "no time left")
            continue
        reports = WORK / "junit" / name
        (reports / "TEST-junit-jupiter.xml").unlink(missing_ok=True)
        properties = {**run.properties, "lenet4j.tests.cuda": "true",
                      # The Presets would otherwise look into an installed toolkit first.
                      "org.bytedeco.javacpp.platform.linkpath": ":".join(run.folders),
                      "org.bytedeco.javacpp.cachedir": WORK / ("cache-emulated" if run.emulated else "cache")}
        outcome = run.call(f"java-{name}", [
            build.java(), *(f"-D{key}={value}" for key, value in properties.items()),
            "-cp", build.class_path(), "org.junit.platform.console.ConsoleLauncher", "execute",
            *(f"--select-class={found}" for found in build.classes_named(name)),
            "--disable-banner", "--details=none", f"--reports-dir={reports}"], 150)
        run.check("Java", name, outcome, *read_junit(reports / "TEST-junit-jupiter.xml"))


def read_junit(path: Path) -> tuple:
    """Whether tests ran and none failed, and a line on them."""
    if not path.exists():
        return False, "no report"
    suite = xml.parse(path).getroot()
    failed = [case.get("name") for case in suite.iter("testcase")
              if case.find("failure") is not None or case.find("error") is not None]
    skipped, tests = int(suite.get("skipped")), int(suite.get("tests"))
    text = f"{tests - skipped} run, {skipped} skipped"
    return not failed and tests > skipped, text + (f", failed: {', '.join(failed)}" if failed else "")


def train(run: Run, log: str, device: str, epochs: int, *options) -> tuple:
    """The outcome, the epochs' lines of the history, the bits of the weights."""
    weights, folder = WORK / f"{log}.safetensors", WORK / "runs" / log
    weights.unlink(missing_ok=True)
    outcome = run.lenet4j(log, "train", "--device", device, "--epochs", epochs, "--seed", 0, "--quiet",
                          "--save", weights, "--out", folder, "--force", *options, limit=150)
    if not outcome.ok:
        return outcome, [], b""
    history = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    return outcome, [line for line in history if line["type"] == "epoch"], weights.read_bytes()


def training(run: Run) -> None:
    """The classic recipe, beside the cpu engine; and the same bits again, and without graphs."""
    epochs = 1 if run.emulated else 2 if run.quick else 10
    rows, bits, losses = [], {}, {}
    for log, device, options in (("cuda", "cuda", ()), ("cuda-again", "cuda", ()),
                                 ("cuda-no-graph", "cuda", ("--no-graph",)), ("cpu", "cpu", ())):
        outcome, history, weights = train(run, log, device, epochs, *options)
        if not run.check("training", f"{log}: {epochs} epochs of the classic recipe", outcome):
            continue
        bits[log] = weights
        last = history[-1]
        losses[log] = last["loss"]
        rates = [statistics.median(epoch["examples"] / epoch[seconds] for epoch in history)
                 for seconds in ("step_seconds", "train_seconds")]
        rows.append([log, *(f"{last[field]:.4f}" for field in ("loss", "train_acc", "test_acc")),
                     *(f"{rate:,.0f}" for rate in rates), f"{outcome.seconds:.1f}"])
    for other in ("cuda-again", "cuda-no-graph"):
        if "cuda" in bits and other in bits:
            run.report.add("training", f"{other} ends with the same bits",
                           PASSED if bits["cuda"] == bits[other] else FAILED)
    if "cuda" in losses and "cpu" in losses:
        difference = abs(losses["cuda"] - losses["cpu"])
        # After ten epochs seeds scatter by 0.01; what rounding does is less.
        run.report.add("training", "cuda and cpu end with the same loss",
                       PASSED if difference < 0.02 else FAILED, 0, f"they differ by {difference:.4f}")
    run.report.section(
        f"Training: {epochs} epochs, seed 0", *table(
            ["", "train loss", "train accuracy", "test accuracy", "steps, examples/s: median epoch",
             "whole epoch, likewise", "whole command, s"], rows))


def steps(run: Run) -> None:
    """What `lenet4j bench` measures, with and without graphs and TF32, for three batch sizes."""
    seconds = 0.05 if run.emulated else 0.3 if run.quick else 1.5
    sizes = (256,) if run.quick else (256, 1024, 4096)
    ways = (("graphs", ()), ("no graphs", ("--no-graph",)), ("graphs, TF32", ("--tf32",)))
    rows = []
    for device, name, options, size in [
            *(("cuda", name, options, size) for size in sizes for name, options in ways),
            ("cpu", "all cores", (), 256)]:
        what = f"{device}, {name}, batch {size}"
        if run.left() < 5:
            run.report.add("steps", what, NOT_RUN, 0, "no time left")
            continue
        memory = Memory()
        outcome = run.lenet4j(f"bench-{device}-{name}-{size}".replace(" ", "-"), "bench", "--device", device,
                              "--batch-size", size, "--seconds", seconds, "--json", *options, limit=60)
        used = memory.stop()
        if not run.check("steps", what, outcome):
            continue
        found = json.loads(outcome.output.strip().splitlines()[-1])
        rows.append([what, *(f"{found[field]:,.0f}" for field in (
            "step_examples_per_second", "epoch_examples_per_second", "inference_images_per_second")),
            f"{found['latency_median_us']:.1f}", f"{found['latency_p99_us']:.1f}",
            used if device == "cuda" else ""])
    run.report.section("Steps, prediction, memory", *table(
        ["", "steps, examples/s", "whole epochs, examples/s", "prediction, images/s",
         "one image, us: median", "99th percentile", "GPU memory, MiB"], rows))


class Memory:
    """The most memory of the first GPU that was in use, above what was before, by nvidia-smi."""

    def __init__(self):
        self.samples, self.done = [], threading.Event()
        self.thread = threading.Thread(target=self.sample, daemon=True)
        self.thread.start()

    def sample(self) -> None:
        while True:
            found = machine.smi("memory.used")
            if not found:
                return
            self.samples.append(int(found))
            if self.done.wait(0.2):
                return

    def stop(self) -> str:
        self.done.set()
        self.thread.join()
        return f"{max(self.samples) - self.samples[0]}" if self.samples else "unknown"


def sanitizers(run: Run) -> None:
    tool = machine.compute_sanitizer()
    reason = ("needs a GPU" if run.emulated else "" if tool else
              "compute-sanitizer is not installed (apt install cuda-sanitizer-13-0)")
    for name in SANITIZERS:
        if reason:
            run.report.add("sanitizers", name, SKIPPED, 0, reason)
            continue
        if run.quick and name != "memcheck":
            continue
        outcome = run.call(name, [tool, "--tool", name, "--error-exitcode", 9, build.NATIVE_TESTS,
                                  "--gtest_filter=" + SANITIZED], 90)
        found = re.findall(r"(?:ERROR|RACECHECK) SUMMARY: .*", outcome.output)
        run.check("sanitizers", name, outcome, bool(found), "; ".join(found))


def profile(run: Run) -> None:
    """Which kernels an epoch's time goes to, as Nsight Systems counts it."""
    tool = machine.first_line("nsys", "--version")
    reason = "needs a GPU" if run.emulated else "" if tool else "nsys is not installed (apt install nsight-systems)"
    if reason:
        run.report.add("profile", "nsys", SKIPPED, 0, reason)
        return
    trace = WORK / "profile"
    command = [build.java(), *(f"-D{name}={value}" for name, value in run.properties.items()),
               "-jar", build.jar(), "train", "--device", "cuda", "--epochs", 1, "--quiet",
               "--out", WORK / "runs" / "profile", "--force"]
    outcome = run.call("nsys", ["nsys", "profile", "--force-overwrite", "true", "--trace", "cuda",
                                "--cuda-graph-trace", "node", "--output", trace, *command], 90)
    if run.check("profile", "nsys profile", outcome):
        stats = run.call("nsys-stats", ["nsys", "stats", "--report", "cuda_gpu_kern_sum,cuda_api_sum",
                                        "--force-export", "true", f"{trace}.nsys-rep"], 60)
        if run.check("profile", "nsys stats", stats):
            run.report.section("Kernels of one epoch", *code(stats.output, 80))


# What a short time should not be without comes first.
STAGES = {"doctor": doctor, "native": native_tests, "training": training, "steps": steps,
          "java": java_tests, "sanitizers": sanitizers, "profile": profile}
