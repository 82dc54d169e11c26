//! The GPU, for builds with the feature `cuda`.
//!
//! CI type-checks this; `just check-cuda` compiles and links it, and tests what it says where there is no GPU. `docs/gpu.md`
//! says what was run on one. A machine without the driver's library (libcuda) does not come this far: the program is
//! linked with it, and the system's loader refuses to start it.

use super::Error;
use cudarc::driver::sys::CUdevice_attribute_enum as Attribute;
use cudarc::driver::{CudaDevice, DriverError, result};
use dfdx::prelude::{Axis, Cuda, Tensor, TryConcatAlong, ZerosTensor};
use std::panic::{self, AssertUnwindSafe};
use std::process::Command;

/// The first GPU that CUDA shows (`CUDA_VISIBLE_DEVICES` chooses among several), and its name.
///
/// # Errors
/// [`Error::NoGpu`] and [`Error::NoGpuCompiler`].
pub(super) fn open() -> Result<(Cuda, String), Error> {
    // dfdx and cudarc unwrap these two, so a machine without driver or GPU would end in a panic.
    result::init().and_then(|()| result::device::get(0)).map_err(no_gpu)?;
    let name = CudaDevice::new(0).map(|device| name(&device)).map_err(no_gpu)?;
    let device = Cuda::try_build(0, 0).map_err(|error| Error::NoGpu { reason: error.to_string() })?;
    check_compiler(&device)?;
    Ok((device, name))
}

/// dfdx compiles some of its kernels when they are first used, from headers in the folders of its build, and unwraps what
/// the compiler says. So one of them is compiled now, where an answer can be given.
fn check_compiler(device: &Cuda) -> Result<(), Error> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let compiled = panic::catch_unwind(AssertUnwindSafe(|| {
        let one: Tensor<(usize,), f32, Cuda> = device.zeros_like(&(1,));
        drop((one.clone(), one).concat_along(Axis::<0>));
    }));
    panic::set_hook(hook);
    compiled.map_err(|payload| {
        let message = payload.downcast_ref::<String>().map_or("", String::as_str);
        // Of the compiler's log, as Rust prints it, the first line says it.
        let log = message.split_once("log: \"").map_or(message, |(_, log)| log);
        let line = log.split("\\n").next().unwrap_or_default().replace('\\', "");
        Error::NoGpuCompiler { reason: line }
    })
}

/// The code alone: cudarc's own message asks the driver for its text, and unwraps what that answers.
fn no_gpu(error: DriverError) -> Error {
    Error::NoGpu { reason: format!("{:?}", error.0) }
}

/// What the driver's tool calls the GPU, or `unknown`. It is asked by the address on the bus: CUDA and the tool number
/// several GPUs differently.
fn name(device: &CudaDevice) -> String {
    let address = || {
        let [domain, bus, slot] = [
            device.attribute(Attribute::CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID).ok()?,
            device.attribute(Attribute::CU_DEVICE_ATTRIBUTE_PCI_BUS_ID).ok()?,
            device.attribute(Attribute::CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID).ok()?,
        ];
        Some(format!("{domain:08x}:{bus:02x}:{slot:02x}.0"))
    };
    let ask = |address: String| {
        let arguments = ["--query-gpu=name", "--format=csv,noheader", "--id", &address];
        let output = Command::new("nvidia-smi").args(arguments).output().ok()?;
        let name = String::from_utf8(output.stdout).ok()?;
        (output.status.success() && !name.trim().is_empty()).then(|| name.trim().to_owned())
    };
    address().and_then(ask).unwrap_or_else(|| "unknown".to_owned())
}
