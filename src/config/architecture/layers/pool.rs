use super::{Kind, Shape, bounded};

/// One number for each 2×2 pixels of a channel: its type and its word.
pub(super) struct Halving(pub(super) &'static str, pub(super) &'static str);

impl Kind for Halving {
    fn describe(&self) -> String {
        self.1.into()
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        let Shape { height, width, channels } = input;
        if height % 2 == 0 && width % 2 == 0 {
            return Ok(Shape::image(height / 2, width / 2, channels));
        }
        Err(format!(
            "it halves height and width, which must be even, but its input is {height}×{width}×{channels}"
        ))
    }

    fn rust_type(&self, input: Shape, output: Shape) -> String {
        resizing(self.0, input, output)
    }
}

/// Each pixel becomes 2×2 of them.
pub(super) struct Upsample;

impl Kind for Upsample {
    fn describe(&self) -> String {
        "upsample".into()
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        bounded(Shape::image(2 * input.height, 2 * input.width, input.channels))
    }

    fn rust_type(&self, input: Shape, output: Shape) -> String {
        resizing("Upsample", input, output)
    }
}

/// The sum of each channel over all positions.
pub(super) struct SumPool;

impl Kind for SumPool {
    fn describe(&self) -> String {
        "sum-pool".into()
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        Ok(Shape::vector(input.channels))
    }

    fn rust_type(&self, input: Shape, _: Shape) -> String {
        format!("SumPool<{}, {}, {}>", input.height, input.width, input.channels)
    }
}

fn resizing(name: &str, from: Shape, to: Shape) -> String {
    format!("{name}<{}, {}, {}, {}, {}>", from.height, from.width, from.channels, to.height, to.width)
}
