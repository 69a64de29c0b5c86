"""What is run: built here by Maven, or packed where there are its tools and unpacked here."""
import os
import re
import shutil
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as xml
from pathlib import Path

from gpu_check import machine
from gpu_check.machine import ROOT, TARGET, WORK, Unfit

PLUGIN = TARGET / "classes/org/lenet4j/internal/linux-x86_64-gpu/liblenet_cuda.so"
NATIVE_TESTS = TARGET / "cmake/tests/cuda/device/cuda_device_tests"
JARS = WORK / "jars"
CACHE = WORK / "cache"
JRE = WORK / "jre"
TOOLS = {"mvn": "apt install maven", "javac": "apt install default-jdk-headless",
         "cmake": "apt install cmake", "g++": "apt install g++"}
# On the tests' class path, and used by none of those that run here.
UNUSED_JARS = re.compile(r"onnxruntime|archunit|jazzer|cuda-\d.*-javadoc|xchart|animated-gif|pdfbox|graphics2d")
# What the command and the tests need of the JDK.
MODULES = "java.base,java.desktop,java.logging,java.xml,jdk.httpserver,jdk.unsupported,java.management,java.net.http"


def build(emulated: bool) -> None:
    """mvn -Pgpu package without tests, the native tests, and the jars that the Java tests need."""
    missing = [f"{tool} ({remedy})" for tool, remedy in TOOLS.items() if not shutil.which(tool)]
    if not shutil.which("nvcc") and not Path("/usr/local/cuda/bin/nvcc").exists():
        missing.append("nvcc (the CUDA toolkit 13: apt install cuda-toolkit-13-0, from NVIDIA's repository)")
    if missing:
        raise Unfit(f"to build, this is missing: {'; '.join(missing)}; or pack it elsewhere with --pack and"
                    " give --prebuilt")
    shutil.rmtree(JARS, ignore_errors=True)
    call("mvn", "-B", "-q", "-Pgpu", "-DskipTests", "-Dmaven.javadoc.skip", "-Dmaven.source.skip", "package",
         "dependency:copy-dependencies", "-DincludeScope=test", f"-DoutputDirectory={JARS}")
    call("cmake", "--build", TARGET / "cmake", "--parallel", "--target", "cuda_device_tests",
         *(("lenet_emulation", "lenet_emu_kernels") if emulated else ()))
    WORK.mkdir(parents=True, exist_ok=True)
    (WORK / "commit").write_text(machine.commit() + "\n")


def call(*command) -> None:
    done = subprocess.run([str(part) for part in command], cwd=ROOT)
    if done.returncode:
        raise Unfit(f"the build failed: {' '.join(map(str, command))}")


def require_built() -> None:
    missing = [str(path.relative_to(ROOT)) for path in (PLUGIN, NATIVE_TESTS, JARS) if not path.exists()]
    if missing or not jars():
        raise Unfit(f"nothing is built here ({', '.join(missing) or 'no runnable jar'} missing): unpack what"
                    " bench/gpu-check --pack FILE wrote, or leave out --prebuilt")
    if not shutil.which(java()):
        raise Unfit("there is no java: apt install default-jre-headless")


def java() -> str:
    return str(JRE / "bin" / "java") if JRE.exists() else "java"


def jars() -> list:
    return sorted(TARGET.glob("lenet4j-*-cli.jar"))


def jar() -> Path:
    return jars()[-1]


def class_path() -> str:
    return ":".join(map(str, (TARGET / "test-classes", TARGET / "classes", JARS / "*")))


def java_test_names() -> list:
    """The pom's list, so that the emulation in CI and a GPU run the same."""
    for element in xml.parse(ROOT / "pom.xml").iter():
        if element.tag.endswith("cuda.tests"):
            return element.text.replace(",", " ").split()
    raise Unfit("pom.xml has no list cuda.tests")


def classes_named(name: str) -> list:
    """Like surefire, which takes every class of that name."""
    root = TARGET / "test-classes"
    return [".".join(path.relative_to(root).with_suffix("").parts)
            for path in sorted(root.rglob(f"{name}.class"))]


def dataset() -> Path:
    """Where Fashion-MNIST lies, as lenet4j looks for it."""
    folders = (CACHE / "fashion-mnist",
               Path(os.environ.get("LENET4J_CACHE") or Path.home() / ".cache" / "lenet4j") / "fashion-mnist",
               Path("/usr/share/datasets/fashion-mnist"))
    for folder in folders:
        if (folder / "train-images-idx3-ubyte.gz").exists():
            return folder
    raise Unfit("Fashion-MNIST is not here: apt install dataset-fashion-mnist, or let lenet4j train download it")


def pack(file: Path) -> None:
    """All that --prebuilt needs, a Java run time and the data included, the CUDA libraries not."""
    shutil.rmtree(JRE, ignore_errors=True)
    call("jlink", "--add-modules", MODULES, "--strip-debug", "--no-man-pages", "--no-header-files",
         "--output", JRE)
    (CACHE / "fashion-mnist").mkdir(parents=True, exist_ok=True)
    for part in dataset().glob("*-ubyte.gz"):
        if part.parent != CACHE / "fashion-mnist":
            shutil.copy(part, CACHE / "fashion-mnist")
    wanted = [ROOT / "pom.xml", ROOT / "tests/golden", ROOT / "bench/gpu-check", ROOT / "bench/gpu_check",
              jar(), TARGET / "classes", TARGET / "test-classes", NATIVE_TESTS, CACHE / "fashion-mnist", JRE,
              WORK / "commit", *(path for path in sorted(JARS.glob("*.jar")) if not UNUSED_JARS.search(path.name))]
    part = file.with_name(file.name + ".part")
    with tarfile.open(part, "w:gz", compresslevel=6) as archive:
        for path in wanted:
            archive.add(path, path.relative_to(ROOT),
                        filter=lambda entry: None if "__pycache__" in entry.name else entry)
    os.replace(part, file)
    print(f"{file}: {file.stat().st_size / 1e6:.0f} MB. There: tar xf {file.name} && bench/gpu-check --prebuilt",
          file=sys.stderr)
