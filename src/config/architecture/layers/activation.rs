use super::{Kind, Shape};

/// Leaky ReLU with this slope for negative inputs.
pub(super) struct LeakyRelu(pub(super) f32);

impl Kind for LeakyRelu {
    fn describe(&self) -> String {
        format!("leaky-relu {}", self.0)
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        if !(0.0..=1.0).contains(&self.0) {
            return Err(format!("the slope of leaky-relu is {}, but must be 0 to 1", self.0));
        }
        Ok(input)
    }

    fn rust_type(&self, _: Shape, _: Shape) -> String {
        "LeakyRelu".into()
    }
}

/// An activation without a parameter: its type and its word.
pub(super) struct Plain(pub(super) &'static str, pub(super) &'static str);

impl Kind for Plain {
    fn describe(&self) -> String {
        self.1.into()
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        Ok(input)
    }

    fn rust_type(&self, _: Shape, _: Shape) -> String {
        self.0.into()
    }
}
