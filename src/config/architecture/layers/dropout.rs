use super::{Kind, Shape};

/// Dropout with this rate.
pub(super) struct Dropout(pub(super) f32);

impl Kind for Dropout {
    fn describe(&self) -> String {
        format!("dropout {}", self.0)
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        if !(0.0..=0.95).contains(&self.0) {
            return Err(format!("the dropout rate is {}, but must be 0 to 0.95", self.0));
        }
        Ok(input)
    }

    fn rust_type(&self, _: Shape, _: Shape) -> String {
        "Dropout".into()
    }
}
