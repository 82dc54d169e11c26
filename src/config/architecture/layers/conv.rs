use super::{Kind, Parameters, Shape, bounded, within, yes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A convolution with "same" padding as TensorFlow pads: for stride 2 the odd pixel of padding comes after, not before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conv {
    /// Output channels, 1 to 8192.
    #[schemars(range(min = 1, max = 8192))]
    pub channels: usize,
    /// Side of the square kernel, 1 to 15.
    #[schemars(range(min = 1, max = 15))]
    pub kernel: usize,
    /// 1 or 2; the image shrinks by it.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 2))]
    pub stride: usize,
    /// Whether a bias is added.
    #[serde(default = "yes")]
    pub bias: bool,
}

/// A transposed convolution: the image grows by the stride.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConvTranspose {
    /// Output channels, 1 to 8192.
    #[schemars(range(min = 1, max = 8192))]
    pub channels: usize,
    /// Side of the square kernel, 1 to 15.
    #[schemars(range(min = 1, max = 15))]
    pub kernel: usize,
    /// 1 or 2; the image grows by it.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 2))]
    pub stride: usize,
    /// Whether a bias is added.
    #[serde(default = "yes")]
    pub bias: bool,
}

fn one() -> usize {
    1
}

/// What the two convolutions share.
struct Geometry {
    channels: usize,
    kernel: usize,
    stride: usize,
    bias: bool,
}

impl Geometry {
    fn describe(&self, word: &str) -> String {
        let stride = if self.stride == 1 { String::new() } else { format!(", stride {}", self.stride) };
        let bias = if self.bias { "" } else { ", no bias" };
        format!("{word} {}, {k}×{k}{stride}{bias}", self.channels, k = self.kernel)
    }

    fn check(&self, input: Shape) -> Result<(), String> {
        within("`channels`", self.channels, 1..=8192)?;
        within("`kernel`", self.kernel, 1..=15)?;
        within("`stride`", self.stride, 1..=2)?;
        if input.is_vector() && self.kernel > 1 {
            return Err(format!(
                "a convolution needs an image, but its input is a vector of {}: put `{{ reshape = [height, width, channels] }}` before it",
                input.channels
            ));
        }
        Ok(())
    }

    fn parameters(&self, input: Shape) -> Parameters {
        let bias = if self.bias { self.channels } else { 0 };
        Parameters { trainable: self.kernel * self.kernel * input.channels * self.channels + bias, fixed: 0 }
    }

    fn rust_type(&self, name: &str, input: Shape, output: Shape) -> String {
        let Shape { height, width, channels } = input;
        let Self { kernel, stride, bias, .. } = self;
        format!(
            "{name}<{height}, {width}, {channels}, {}, {}, {}, {kernel}, {stride}, {bias}, Dev>",
            output.height, output.width, output.channels
        )
    }
}

impl Conv {
    fn geometry(&self) -> Geometry {
        let Self { channels, kernel, stride, bias } = *self;
        Geometry { channels, kernel, stride, bias }
    }
}

impl Kind for Conv {
    fn describe(&self) -> String {
        self.geometry().describe("conv")
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        self.geometry().check(input)?;
        let output = Shape::image(
            input.height.div_ceil(self.stride),
            input.width.div_ceil(self.stride),
            self.channels,
        );
        bounded(output)
    }

    fn parameters(&self, input: Shape) -> Parameters {
        self.geometry().parameters(input)
    }

    fn rust_type(&self, input: Shape, output: Shape) -> String {
        self.geometry().rust_type("Conv", input, output)
    }
}

impl ConvTranspose {
    fn geometry(&self) -> Geometry {
        let Self { channels, kernel, stride, bias } = *self;
        Geometry { channels, kernel, stride, bias }
    }
}

impl Kind for ConvTranspose {
    fn describe(&self) -> String {
        self.geometry().describe("conv-transpose")
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        self.geometry().check(input)?;
        bounded(Shape::image(input.height * self.stride, input.width * self.stride, self.channels))
    }

    fn parameters(&self, input: Shape) -> Parameters {
        self.geometry().parameters(input)
    }

    fn rust_type(&self, input: Shape, output: Shape) -> String {
        self.geometry().rust_type("ConvTranspose", input, output)
    }
}
