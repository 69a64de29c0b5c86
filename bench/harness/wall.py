"""The chapter's whole training as a user runs it: wall time, where it goes, and memory."""
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from harness import environment
from harness.contestants import Contestant, Failed


class Wall(Contestant):
    kind = "wall"

    def __init__(self, jar: Path, data: str):
        self.java = environment.java(jar)
        super().__init__("train", os.cpu_count(),
                         [*self.java, "train", "--device", "cpu", "--data", data])

    def measure(self) -> dict:
        """Seconds: total; start-up (the JVM and the command alone), load (the data and the engine),
        train, evaluate, rest (writing the run folder, drawing the curves, the JVM's end); and the
        most memory that was resident, in MiB."""
        begin = time.perf_counter()
        environment.call(*self.java, "train", "--version", env=environment.clean())
        start_up = time.perf_counter() - begin
        with tempfile.TemporaryDirectory() as directory:
            run = Path(directory) / "run"
            begin = time.perf_counter()
            process = subprocess.Popen([*self.command, "--out", str(run)], text=True,
                                       stdout=subprocess.PIPE, env=environment.clean(), cwd=directory)
            loaded = None
            for line in process.stdout:
                if line.startswith("training on"):
                    loaded = time.perf_counter() - begin
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            total = time.perf_counter() - begin
            if process.returncode or loaded is None:
                raise Failed(f"lenet4j train ended with status {process.returncode}")
            lines = map(json.loads, (run / "history.jsonl").read_text().splitlines())
            epochs = [line for line in lines if line["type"] == "epoch"]
        train = sum(epoch["train_seconds"] for epoch in epochs)
        evaluate = sum(epoch["evaluation_seconds"] for epoch in epochs)
        return {"total": total, "start-up": start_up, "load": loaded - start_up, "train": train,
                "evaluate": evaluate, "rest": total - loaded - train - evaluate,
                "resident_mib": usage.ru_maxrss / 1024}
