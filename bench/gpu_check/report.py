"""The report: what was found, every check with its result, tables. Written anew after each check, to a
temporary file first, so that a run that is cut off leaves what it knew."""
import datetime
import os
from dataclasses import dataclass, field
from pathlib import Path

from gpu_check import machine

PASSED, FAILED, SKIPPED, NOT_RUN = "passed", "FAILED", "skipped", "NOT RUN"


@dataclass
class Check:
    stage: str
    name: str
    result: str
    seconds: float = 0
    detail: str = ""


@dataclass
class Report:
    path: Path
    emulated: bool
    facts: dict
    checks: list = field(default_factory=list)
    sections: list = field(default_factory=list)  # (heading, lines)
    running: str = ""

    def add(self, stage: str, name: str, result: str, seconds: float = 0, detail: str = "") -> None:
        self.checks.append(Check(stage, name, result, seconds, detail))
        print(f"{result:8} {stage}: {name}" + (f" ({detail})" if detail else ""), flush=True)
        self.write()

    def section(self, heading: str, *lines: str) -> None:
        self.sections.append((heading, lines))

    def ok(self) -> bool:
        return (bool(self.checks) and not self.running
                and all(check.result in (PASSED, SKIPPED) for check in self.checks))

    def text(self) -> str:
        counts = {result: sum(check.result == result for check in self.checks)
                  for result in (PASSED, FAILED, SKIPPED, NOT_RUN)}
        lines = [
            "# EMULATED, not a GPU: a dry run of bench/gpu-check" if self.emulated
            else f"# gpu-check on {self.facts['GPU']}", "",
            "Written by `bench/gpu-check`" + (
                " to try out the script itself. **No GPU has run anything of this**: the CUDA libraries are"
                " emulated on the CPU, and no figure here says anything about a GPU." if self.emulated
                else ", which runs the CUDA engine on the real libraries."), "",
            f"**{'All passed' if self.ok() else 'NOT all passed'}**: "
            + ", ".join(f"{count} {result}" for result, count in counts.items()) + ".", ""]
        if self.running:
            lines += [f"Cut off, or still running, in: {self.running}.", ""]
        lines += table(["", ""], [[name, value] for name, value in self.facts.items()])
        lines += ["", "## Checks", ""]
        lines += table(["stage", "check", "result", "s", ""], [
            [c.stage, c.name, c.result, f"{c.seconds:.1f}", c.detail] for c in self.checks])
        for heading, content in self.sections:
            lines += ["", f"## {heading}", "", *content]
        # Reports are published; where a checkout lay is nobody's business.
        return "\n".join([*lines, ""]).replace(str(machine.ROOT), ".").replace(str(Path.home()), "~")

    def write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(self.path.name + ".part")
        part.write_text(self.text())
        os.replace(part, self.path)


def table(head: list, rows: list) -> list:
    return ["| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
            for row in (head, ["---"] * len(head), *rows)]


def code(text: str, last: int = 40) -> list:
    return ["```", *text.rstrip().splitlines()[-last:], "```"]


def now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
