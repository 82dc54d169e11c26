use super::{Kind, Parameters, Shape, within};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A learned vector for the example's class, appended to the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelEmbedding {
    /// Number of classes, 2 to 256.
    #[schemars(range(min = 2, max = 256))]
    pub classes: usize,
    /// Length of a class's vector, 1 to 1024.
    #[schemars(range(min = 1, max = 1024))]
    pub width: usize,
}

/// One logit from the features and the example's class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelProjection {
    /// Number of classes, 2 to 256.
    #[schemars(range(min = 2, max = 256))]
    pub classes: usize,
}

impl Kind for LabelEmbedding {
    fn describe(&self) -> String {
        format!("label-embedding {}, {} classes", self.width, self.classes)
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        within("`classes`", self.classes, 2..=256)?;
        within("`width`", self.width, 1..=1024)?;
        if !input.is_vector() {
            return Err(format!(
                "it appends to a vector, but its input is an image of {input}: put \"flatten\" before it"
            ));
        }
        Ok(Shape::vector(input.channels + self.width))
    }

    fn parameters(&self, _: Shape) -> Parameters {
        Parameters { trainable: self.classes * self.width, fixed: 0 }
    }

    fn rust_type(&self, input: Shape, output: Shape) -> String {
        let Self { classes, width } = self;
        format!("LabelEmbedding<{}, {classes}, {width}, {}, Dev>", input.channels, output.channels)
    }

    fn classes(&self) -> Option<usize> {
        Some(self.classes)
    }
}

impl Kind for LabelProjection {
    fn describe(&self) -> String {
        format!("label-projection, {} classes", self.classes)
    }

    fn output(&self, _: Shape) -> Result<Shape, String> {
        within("`classes`", self.classes, 2..=256)?;
        Ok(Shape::vector(1))
    }

    fn parameters(&self, input: Shape) -> Parameters {
        // w and b; a vector per class
        Parameters { trainable: (1 + self.classes) * input.features() + 1, fixed: 0 }
    }

    fn rust_type(&self, input: Shape, _: Shape) -> String {
        let Shape { height, width, channels } = input;
        format!("LabelProjection<{height}, {width}, {channels}, {}, Dev>", self.classes)
    }

    fn classes(&self) -> Option<usize> {
        Some(self.classes)
    }
}
