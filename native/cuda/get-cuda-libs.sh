#!/usr/bin/env bash
# Fetches cuDNN 9 and cuBLAS 13, headers and libraries, from NVIDIA's Python wheels, so that the CUDA
# engine can be built and tested without installing them:
#
#   native/cuda/get-cuda-libs.sh [DIR]    DIR: target/cuda-libs unless given
#
# CMake finds them in target/cuda-libs by itself; for another DIR give it -DLENET_CUDA_LIBS=DIR.
# Does nothing if they are there. The CUDA toolkit (nvcc, libcudart) is not part of it.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
dir=${1:-$root/target/cuda-libs}
packages=(nvidia-cudnn-cu13 nvidia-cublas nvidia-cuda-nvrtc)
files=(nvidia/cudnn/include/cudnn_graph.h nvidia/cudnn/lib/libcudnn.so.9
  nvidia/cu13/include/cublas_v2.h nvidia/cu13/lib/libcublas.so.13 nvidia/cu13/lib/libcublasLt.so.13)

fail() {
  echo "get-cuda-libs.sh: $*" >&2
  exit 1
}

missing() {
  local file
  for file in "${files[@]}"; do
    if [[ ! -e $1/$file ]]; then
      echo "$file"
      return
    fi
  done
}

# Whether the folder has nothing but what this script has put there.
is_ours() {
  [[ ! -e $1 ]] || [[ -d $1 && -z $(ls -A "$1" | grep -v '^nvidia') ]]
}

if [[ -n $(missing "$dir") ]]; then
  is_ours "$dir" || fail "$dir has other contents: name a folder that is new or empty"
  python=$(command -v python3) || fail "python3 is needed, with pip (apt install python3-pip)"
  "$python" -m pip --version >/dev/null 2>&1 || fail "pip is needed (apt install python3-pip)"
  mkdir -p "$(dirname "$dir")"
  # Into a folder beside it first: an interrupted download must not look complete.
  part=$(mktemp -d "$dir.part.XXXXXX")
  trap 'rm -rf "$part"' EXIT
  "$python" -m pip install --quiet --disable-pip-version-check --root-user-action ignore \
    --target "$part" "${packages[@]}" ||
    fail "pip could not install ${packages[*]} (about 1 GB; is the package index reachable?)"
  absent=$(missing "$part")
  [[ -z $absent ]] || fail "the wheels of ${packages[*]} have no $absent: their layout has changed"
  rm -rf "$dir"
  chmod 755 "$part"
  mv "$part" "$dir"
fi

dir=$(cd "$dir" && pwd)
version=$(sed -n 's/^#define CUDNN_\(MAJOR\|MINOR\|PATCHLEVEL\) //p' \
  "$dir/nvidia/cudnn/include/cudnn_version.h" | paste -sd .)
echo "cuDNN $version: $dir/nvidia/cudnn/{include,lib}"
echo "cuBLAS:       $dir/nvidia/cu13/{include,lib}"
