use super::{Kind, Parameters, Shape};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Batch normalisation over batch and positions (Ioffe and Szegedy 2015). The defaults are Keras's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchNorm {
    /// How much of the running statistics one training step keeps, at least 0 and less than 1; default 0.99.
    #[serde(default = "momentum", skip_serializing_if = "is_usual_momentum")]
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
    pub momentum: f32,
    /// Added to the variance before its root, greater than 0 and at most 1; default 0.001.
    #[serde(default = "epsilon", skip_serializing_if = "is_usual_epsilon")]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
    pub epsilon: f32,
}

fn momentum() -> f32 {
    0.99
}

fn epsilon() -> f32 {
    1e-3
}

fn is_usual_momentum(given: &f32) -> bool {
    *given == momentum()
}

fn is_usual_epsilon(given: &f32) -> bool {
    *given == epsilon()
}

impl Default for BatchNorm {
    fn default() -> Self {
        Self { momentum: momentum(), epsilon: epsilon() }
    }
}

impl Kind for BatchNorm {
    fn describe(&self) -> String {
        let mut text = "batch-norm".to_owned();
        if self.momentum != momentum() {
            text += &format!(", momentum {}", self.momentum);
        }
        if self.epsilon != epsilon() {
            text += &format!(", ε {}", self.epsilon);
        }
        text
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
