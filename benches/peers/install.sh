#!/bin/bash
# Puts the peers into virtual environments in a folder outside the checkout: install.sh DIR [tensorflow] [torch]
#
# The registry's wheel of PyTorch is the one for CUDA: on a CPU it needs only the libraries that it links, so they are named
# here instead of all it asks for (pip says what is missing; it is not needed). TensorFlow takes 1 GB, PyTorch 4.4 GB.
set -euo pipefail
if [ $# -lt 2 ]; then
    echo "usage: install.sh DIR [tensorflow] [torch]" >&2
    exit 2
fi
mkdir -p "$1"
cd "$1"
shift
for peer in "$@"; do
    case $peer in
    tensorflow)
        python3 -m venv tf-venv
        tf-venv/bin/pip install --quiet tensorflow-cpu==2.21.0
        ;;
    torch)
        python3 -m venv torch-venv
        pip=torch-venv/bin/pip
        $pip install --quiet --no-deps torch==2.15.0 \
            nvidia-cublas==13.4.1.3 nvidia-cuda-cupti==13.2.86 nvidia-cuda-nvrtc==13.2.86 \
            nvidia-cuda-runtime==13.2.86 nvidia-cudnn-cu13==9.26.0.51 nvidia-cufft==12.2.0.57 \
            nvidia-cufile==1.17.1.22 nvidia-cusolver==12.2.0.11 nvidia-cusparse==12.7.10.12 \
            nvidia-cusparselt-cu13==0.8.1 nvidia-nccl-cu13==2.30.7 nvidia-nvjitlink nvidia-nvshmem-cu13==3.7.2
        $pip install --quiet filelock typing_extensions sympy networkx jinja2 fsspec numpy 'setuptools>=77'
        ;;
    *)
        echo "install.sh: $peer is neither tensorflow nor torch" >&2
        exit 2
        ;;
    esac
done
