"""What a run needs and is told by: what is built, Python with the frameworks, the machine."""
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"

# glibc gives large blocks back to the system after every step, and page faults then decide how fast
# a framework is. 32 MiB is the most that it takes for the first one.
TUNED_MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
                "MALLOC_TOP_PAD_": str(64 << 20)}
# Settings of the user's that would tune one contestant and not another.
FOREIGN = re.compile(r"(MALLOC|OMP|KMP|GOMP|MKL|OPENBLAS|TF|TORCH|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS)")


def clean(**changes: str) -> dict:
    """The environment that every contestant gets, and what it is granted besides."""
    kept = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
    return {**kept, **changes}


def call(*command, **options) -> str:
    """A command's standard output; ends everything with its error output if it fails."""
    done = subprocess.run([str(c) for c in command], text=True, capture_output=True, **options)
    if done.returncode:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def build() -> tuple:
    """The runnable jar and lenet_bench."""
    print("building lenet4j", file=sys.stderr)
    call("mvn", "-B", "-q", "package", "-DskipTests", "-Dmaven.test.skip=true", cwd=ROOT)
    jars = sorted((ROOT / "target").glob("lenet4j-*-cli.jar"))
    if not jars:
        sys.exit("mvn package left no target/lenet4j-*-cli.jar")
    native = ROOT / "target" / "cmake"
    call("cmake", "--build", native, "--target", "lenet_bench", "--parallel")
    return jars[-1], native / "bench" / "native" / "lenet_bench"


def java(jar: Path) -> list:
    return ["java", "-jar", str(jar)]


def doctor(jar: Path) -> dict:
    """The doctor's lines by name; the first of each."""
    facts = {}
    for line in call(*java(jar), "doctor", env=clean()).splitlines():
        found = re.match(r"(ok|problem) +(\S.*?)  +(.*)", line)
        if found:
            facts.setdefault(found[2], found[3] if found[1] == "ok" else "")
    return facts


def python(chosen: str) -> str:
    """An interpreter that has the frameworks; makes bench/.venv if none was chosen."""
    if chosen:
        if not shutil.which(chosen):
            sys.exit(f"{chosen} is no program: --python wants an interpreter with the packages of"
                     " bench/requirements.txt")
        return chosen
    venv = BENCH / ".venv"
    interpreter = venv / "bin" / "python"
    done = venv / "installed"
    if not done.exists():
        print("installing PyTorch, TensorFlow and matplotlib in bench/.venv", file=sys.stderr)
        call(sys.executable, "-m", "venv", venv)
        call(interpreter, "-m", "pip", "install", "-q", "-r", BENCH / "requirements.txt")
        done.touch()
    return str(interpreter)


def machine() -> dict:
    cpu = dict(line.split(":", 1) for line in call("lscpu", env={**os.environ, "LC_ALL": "C"})
               .splitlines() if ":" in line)
    cpu = {name.strip(): value.strip() for name, value in cpu.items()}
    java_version = subprocess.run(["java", "-version"], text=True, capture_output=True).stderr
    return {
        "cpu": f"{cpu.get('Model name', platform.machine())}, family {cpu.get('CPU family', '?')}"
               f" model {cpu.get('Model', '?')}",
        "processors": os.cpu_count(),
        "threads per core": int(cpu.get("Thread(s) per core", "1")),
        "kernel": platform.release(),
        "compiler": call("c++", "--version").splitlines()[0],
        "java": java_version.splitlines()[0],
        "python": platform.python_version(),
        "commit": call("git", "-C", ROOT, "describe", "--always", "--dirty").strip(),
        "load before": round(os.getloadavg()[0], 2),
    }
