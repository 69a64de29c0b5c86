"""Puts a run's tables and its picture between the markers <!-- bench:NAME --> and <!-- /bench:NAME -->
of the documents."""
import re
import subprocess
from pathlib import Path

from harness import environment, report

DOCUMENTS = ("docs/performance.md", "README.md")
PICTURE = "![The contestants under the machine's ceilings](images/roofline.png)"
MARKED = re.compile(r"(<!-- bench:([a-z-]+) -->\n).*?(<!-- /bench:\2 -->)", re.DOTALL)


def write(results: dict, file: Path, python: str) -> None:
    numbers = report.Results(results)

    def replaced(found: re.Match) -> str:
        if found[2] == "roofline":
            content = PICTURE
        else:
            content = report.markdown(report.TABLES[found[2]](numbers))
        return found[1] + content + "\n" + found[3]

    for name in DOCUMENTS:
        document = environment.ROOT / name
        document.write_text(MARKED.sub(replaced, document.read_text()))
    # matplotlib is in that Python, not necessarily in this one.
    subprocess.run([python, environment.BENCH / "harness" / "roofline.py", file,
                    environment.ROOT / "docs" / "images" / "roofline.png"], check=True)
