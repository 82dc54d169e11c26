use super::{Kind, Shape};

/// The same numbers as an image of another shape.
pub(super) struct Reshape(pub(super) [usize; 3]);

impl Kind for Reshape {
    fn describe(&self) -> String {
        "reshape".into()
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        let [height, width, channels] = self.0;
        let size = height.checked_mul(width).and_then(|n| n.checked_mul(channels));
        if size == Some(input.features()) {
            return Ok(Shape::image(height, width, channels));
        }
        Err(format!(
            "reshape gives {height}×{width}×{channels}, {} numbers, but its input has {} ({input})",
            size.map_or_else(|| "too many".into(), |n| n.to_string()),
            input.features()
        ))
    }

    fn rust_type(&self, input: Shape, output: Shape) -> String {
        rust_type(input, output)
    }
}

/// The same numbers as a vector.
pub(super) struct Flatten;

impl Kind for Flatten {
    fn describe(&self) -> String {
        "flatten".into()
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        Ok(Shape::vector(input.features()))
    }

    fn rust_type(&self, input: Shape, output: Shape) -> String {
        rust_type(input, output)
    }
}

fn rust_type(from: Shape, to: Shape) -> String {
    format!(
        "Reshape<{}, {}, {}, {}, {}, {}>",
        from.height, from.width, from.channels, to.height, to.width, to.channels
    )
}
