use super::{Kind, Parameters, Shape};

/// Batch normalisation over batch and positions.
pub(super) struct BatchNorm;

impl Kind for BatchNorm {
    fn describe(&self) -> String {
        "batch-norm".into()
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        Ok(input)
    }

    fn parameters(&self, input: Shape) -> Parameters {
        // gamma and beta; running mean and variance
        Parameters { trainable: 2 * input.channels, fixed: 2 * input.channels }
    }

    fn rust_type(&self, input: Shape, _: Shape) -> String {
        format!("BatchNorm<{}, {}, {}, Dev>", input.height, input.width, input.channels)
    }
}
