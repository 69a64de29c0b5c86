"""What there is to run on: the driver and its devices, the CUDA libraries, tools, the sources' state."""
import ctypes
import os
import platform
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "target"
WORK = TARGET / "gpu-check"

LIBRARIES = ("libcudart.so.13", "libcublas.so.13", "libcublasLt.so.13", "libcudnn.so.9")
LIBRARIES_REMEDY = ("native/cuda/get-cuda-libs.sh fetches cuDNN and cuBLAS into target/cuda-libs; or apt install"
                    " cuda-cudart-13-0 libcublas-13-0 cudnn9-cuda-13 (NVIDIA's repository); or name a folder"
                    " with --libs")
EMULATION = TARGET / "cmake" / "tests" / "cuda" / "emulation" / "lib"


class Unfit(Exception):
    """This machine cannot run the check; the message says what is missing and what helps."""


def devices() -> list:
    """(name, compute capability, MiB) of every GPU, asked from the driver itself."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError:
        raise Unfit("no NVIDIA driver was found (libcuda.so.1)") from None
    status, count = cuda.cuInit(0), ctypes.c_int()
    if status or cuda.cuDeviceGetCount(ctypes.byref(count)):
        raise Unfit(f"the NVIDIA driver does not work (cuInit returned {status})")
    found = []
    for index in range(count.value):
        device, name, size = ctypes.c_int(), ctypes.create_string_buffer(200), ctypes.c_size_t()
        cuda.cuDeviceGet(ctypes.byref(device), index)
        cuda.cuDeviceGetName(name, len(name), device)
        cuda.cuDeviceTotalMem_v2(ctypes.byref(size), device)
        capability = []
        for attribute in (75, 76):  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, _MINOR
            value = ctypes.c_int()
            cuda.cuDeviceGetAttribute(ctypes.byref(value), attribute, device)
            capability.append(str(value.value))
        found.append((name.value.decode(), ".".join(capability), size.value >> 20))
    if not found:
        raise Unfit("the NVIDIA driver finds no GPU")
    return found


def library_folders(chosen: str) -> list:
    """The folders that have the CUDA libraries, in the order in which they are searched."""
    wheels = [Path(chosen)] if chosen else [TARGET / "cuda-libs", Path(sysconfig.get_path("purelib"))]
    candidates = [folder for wheel in wheels
                  for folder in (wheel, *sorted(wheel.glob("nvidia/*/lib")))]
    if os.environ.get("LD_LIBRARY_PATH"):
        candidates += map(Path, os.environ["LD_LIBRARY_PATH"].split(":"))
    candidates += [Path("/usr/local/cuda/lib64"), Path("/usr/lib/x86_64-linux-gnu")]
    homes = {name: next((folder for folder in candidates if (folder / name).exists()), None)
             for name in LIBRARIES}
    missing = [name for name, home in homes.items() if home is None]
    if missing:
        raise Unfit(f"{', '.join(missing)} not found: {LIBRARIES_REMEDY}")
    # The system's own folder is searched anyway, and before the others it would hide them.
    folders = dict.fromkeys(str(home.resolve()) for home in homes.values())
    return [folder for folder in folders if folder != "/usr/lib/x86_64-linux-gnu"]


def first_line(*command: str) -> str:
    """The first line that a program prints, or "" where it does not run."""
    try:
        done = subprocess.run(command, text=True, capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0] if lines and done.returncode == 0 else ""


def smi(query: str) -> str:
    """nvidia-smi's answer for the first GPU; "" without that program."""
    return first_line("nvidia-smi", "-i", "0", f"--query-gpu={query}", "--format=csv,noheader,nounits")


def compute_sanitizer() -> str:
    return shutil.which("compute-sanitizer", path=os.pathsep.join(
        (os.environ.get("PATH", ""), "/usr/local/cuda/bin"))) or ""


def commit() -> str:
    packed = WORK / "commit"
    return (first_line("git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12")
            or (packed.read_text().strip() if packed.exists() else "unknown"))


def processor() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return f"{found[1] if found else platform.machine()}, {os.cpu_count()} processors"
