use super::{Kind, Parameters, Shape, within, yes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A fully connected layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dense {
    /// Number of outputs, 1 to 1,048,576.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub units: usize,
    /// Whether a bias is added.
    #[serde(default = "yes")]
    pub bias: bool,
}

impl Kind for Dense {
    fn describe(&self) -> String {
        format!("dense {}{}", self.units, if self.bias { "" } else { ", no bias" })
    }

    fn output(&self, _: Shape) -> Result<Shape, String> {
        within("`units`", self.units, 1..=1 << 20)?;
        Ok(Shape::vector(self.units))
    }

    fn parameters(&self, input: Shape) -> Parameters {
        Parameters {
            trainable: input.features() * self.units + if self.bias { self.units } else { 0 },
            fixed: 0,
        }
    }

    fn rust_type(&self, input: Shape, _: Shape) -> String {
        format!(
            "Dense<{}, {}, {}, {}, {}, Dev>",
            input.height, input.width, input.channels, self.units, self.bias
        )
    }
}
