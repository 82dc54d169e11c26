use super::{Kind, Parameters, Shape};

/// Normalisation over all features of an example.
pub(super) struct LayerNorm;

impl Kind for LayerNorm {
    fn describe(&self) -> String {
        "layer-norm".into()
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        Ok(input)
    }

    fn parameters(&self, input: Shape) -> Parameters {
        // gamma and beta
        Parameters { trainable: 2 * input.channels, fixed: 0 }
    }

    fn rust_type(&self, input: Shape, _: Shape) -> String {
        format!("LayerNorm<{}, {}, {}, Dev>", input.height, input.width, input.channels)
    }
}
