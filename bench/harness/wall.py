"""The wall time of the chapter's whole training as a user runs it, and where it goes."""
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import environment


def measure(jar: Path, data: str) -> dict:
    """Seconds: total; start-up (the JVM and the command alone), load (the data and the engine),
    train, evaluate, rest (writing the run folder, drawing the curves, the JVM's end)."""
    java = environment.java(jar)
    begin = time.perf_counter()
    environment.call(*java, "--version", env=environment.clean())
    start_up = time.perf_counter() - begin
    with tempfile.TemporaryDirectory() as directory:
        run = Path(directory) / "run"
        begin = time.perf_counter()
        process = subprocess.Popen(
            [*java, "train", "--device", "cpu", "--data", data, "--out", str(run)], text=True,
            stdout=subprocess.PIPE, env=environment.clean(), cwd=directory)
        loaded = None
        for line in process.stdout:
            if line.startswith("training on"):
                loaded = time.perf_counter() - begin
        if process.wait() or loaded is None:
            sys.exit("lenet4j train failed")
        total = time.perf_counter() - begin
        lines = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    epochs = [line for line in lines if line["type"] == "epoch"]
    train = sum(epoch["train_seconds"] for epoch in epochs)
    evaluate = sum(epoch["evaluation_seconds"] for epoch in epochs)
    return {"total": total, "start-up": start_up, "load": loaded - start_up, "train": train,
            "evaluate": evaluate, "rest": total - loaded - train - evaluate}
