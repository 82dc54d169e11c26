use super::{Kind, Parameters, Shape, within};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The largest of a few affine maps for each unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Maxout {
    /// Number of outputs, 1 to 65,536.
    #[schemars(range(min = 1, max = 65_536))]
    pub units: usize,
    /// Affine maps per output, 1 to 64.
    #[schemars(range(min = 1, max = 64))]
    pub pieces: usize,
}

impl Kind for Maxout {
    fn describe(&self) -> String {
        format!("maxout {}, {} pieces", self.units, self.pieces)
    }

    fn output(&self, _: Shape) -> Result<Shape, String> {
        within("`units`", self.units, 1..=1 << 16)?;
        within("`pieces`", self.pieces, 1..=64)?;
        Ok(Shape::vector(self.units))
    }

    fn parameters(&self, input: Shape) -> Parameters {
        Parameters { trainable: (input.features() + 1) * self.units * self.pieces, fixed: 0 }
    }

    fn rust_type(&self, input: Shape, _: Shape) -> String {
        let Self { units, pieces } = self;
        let Shape { height, width, channels } = input;
        format!("Maxout<{height}, {width}, {channels}, {units}, {pieces}, {}, Dev>", units * pieces)
    }
}
