# The verbs of `atelier`, and what the project's own work needs. `just` alone lists them.

set positional-arguments

# List the recipes
default:
    @just --list --unsorted

# Train an experiment: just run experiments/quickstart.toml
run *ARGS:
    @scripts/cargo-run run "$@"

# Train every run of an experiment's [sweep]
sweep *ARGS:
    @scripts/cargo-run sweep "$@"

# Show configuration, layers and plan of an experiment
show *ARGS:
    @scripts/cargo-run show "$@"

# Check experiment files
check *ARGS:
    @scripts/cargo-run check "$@"

# List runs
list *ARGS:
    @scripts/cargo-run list "$@"

# Compare runs or sweeps: just compare results/my_sweep --figures figures
compare *ARGS:
    @scripts/cargo-run compare "$@"

# One page about a run or a sweep: just report results/quickstart/seed0-…
report *ARGS:
    @scripts/cargo-run report "$@"

# Draw new samples from a run
sample *ARGS:
    @scripts/cargo-run sample "$@"

# List, fetch or verify data sets
data *ARGS:
    @scripts/cargo-run data "$@"

# All tests, in the release profile: they train small networks
test *ARGS:
    cargo test --release --workspace "$@"

# Everything is checked in the release profile, which builds and tests use: dependencies are compiled once, not once a profile.

# Formatting, clippy and documentation, warnings as errors
lint:
    cargo fmt --all --check
    cargo clippy --release --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --release --workspace --no-deps --document-private-items

# Time the reference DCGAN's training step beside TensorFlow's and PyTorch's: --help lists what else
bench *ARGS:
    cargo bench --bench step -- "$@"

# Time every layer of the shipped experiments: just bench-layers [FILTER]
bench-layers *ARGS:
    cargo bench -p atelier-kernels --bench layers -- "$@"

# Time every metric on 10,000 samples and 10,000 reference examples
bench-scores:
    cargo bench --bench scores

# Time what a gradient penalty's tangent costs beside a forward and backward pass
bench-tangent:
    cargo bench --bench tangent

# Type-check the CUDA build without a CUDA compiler
check-cuda-types:
    cargo clippy --release --features cuda,ci-check -- -D warnings

# Really build for CUDA, with a compiler from PyPI and no GPU
check-cuda:
    scripts/check-cuda

# What CI runs
ci:
    .ci/run
