"""Puts a run's tables between the markers <!-- bench:NAME --> and <!-- /bench:NAME --> of the documents."""
import re
import subprocess
from pathlib import Path

from harness import environment, report

DOCUMENTS = ("docs/performance.md", "README.md")
MARKED = re.compile(r"(<!-- bench:([a-z-]+) -->\n).*?(<!-- /bench:\2 -->)", re.DOTALL)


def write(results: dict, file: Path, python: str) -> None:
    numbers = report.Results(results)

    def replaced(found: re.Match) -> str:
        table = report.TABLES[found[2]](numbers)
        return found[1] + (report.markdown(table) + "\n" if table else "") + found[3]

    for name in DOCUMENTS:
        document = environment.ROOT / name
        document.write_text(MARKED.sub(replaced, document.read_text()))
    # matplotlib is in that Python, not necessarily in this one.
    subprocess.run([python, environment.BENCH / "harness" / "roofline.py", file,
                    environment.ROOT / "docs" / "images" / "roofline.png"], check=True)
