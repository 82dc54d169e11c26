use super::Pass;
use atelier_kernels::epilogue::{Dropout, Epilogue, scale_rows};

/// What a linear layer does element by element after its product.
#[derive(Clone, Copy, Debug)]
pub(super) enum After {
    /// A bias, if there is one, and then the epilogue.
    Layer(Epilogue),
    /// In a tangent, the derivative of the epilogue at the layer's output, which is the last parameter where there is an epilogue at all. All of it
    /// is piecewise linear, and the output alone tells the pieces.
    Along(Epilogue),
}

impl After {
    /// What the layer that is next may do at once of what comes after it: a leaky ReLU, a dropout, or both in this order. `features` are
    /// the numbers of its output per example.
    pub(super) fn layer(pass: &mut Pass, features: usize) -> Self {
        let slope = pass.absorb_slope();
        let first = pass.first_example() * features;
        let dropout = pass.absorb_dropout().map(|(rate, key)| Dropout { rate, key, first });
        Self::Layer(Epilogue { slope, dropout })
    }

    /// The derivative of this.
    pub(super) fn along(self) -> Self {
        let (Self::Layer(epilogue) | Self::Along(epilogue)) = self;
        Self::Along(epilogue)
    }

    /// Whether the last parameter is the layer's output.
    pub(super) fn reads_output(self) -> bool {
        matches!(self, Self::Along(epilogue) if !epilogue.is_identity())
    }

    /// Finishes the product `y` of whole rows, of `channels` each; `last` is the parameter after the weights, if there is one.
    pub(super) fn apply(self, last: Option<&[f32]>, channels: usize, y: &mut [f32]) {
        match (self, last) {
            (Self::Layer(epilogue), bias) => epilogue.apply(bias, channels, y),
            (Self::Along(epilogue), Some(output)) => epilogue.backward(output, y),
            (Self::Along(_), None) => {}
        }
    }

    /// [`apply`](Self::apply) for a part of the product that begins at element `first`, on this thread.
    pub(super) fn apply_part(self, last: Option<&[f32]>, channels: usize, first: usize, part: &mut [f32]) {
        match (self, last) {
            (Self::Layer(epilogue), bias) => epilogue.apply_part(bias, channels, first, part),
            (Self::Along(epilogue), Some(output)) => epilogue.backward(&output[first..][..part.len()], part),
            (Self::Along(_), None) => {}
        }
    }

    /// The gradient with respect to the product (and bias) in place of `dy`, that of `y`; `last` as in [`apply`](Self::apply).
    pub(super) fn backward(self, last: Option<&[f32]>, y: &[f32], dy: &mut [f32]) {
        match (self, last) {
            (Self::Layer(epilogue), _) => epilogue.backward(y, dy),
            (Self::Along(epilogue), Some(output)) => epilogue.backward(output, dy),
            (Self::Along(_), None) => {}
        }
    }

    /// The same for the examples from `first` on of a batch of `features` numbers per example.
    pub(super) fn starting_at(self, first: usize, features: usize) -> Self {
        match self {
            Self::Layer(epilogue) => {
                let later = |dropout: Dropout| Dropout { first: dropout.first + first * features, ..dropout };
                Self::Layer(Epilogue { dropout: epilogue.dropout.map(later), ..epilogue })
            }
            Self::Along(_) => self,
        }
    }
}

/// Multiplies the last rows of `features` numbers each with the weights.
pub(super) fn scale_last(weights: &[f32], features: usize, matrix: &mut [f32]) {
    if !weights.is_empty() {
        let first = matrix.len() - weights.len() * features;
        scale_rows(weights, &mut matrix[first..]);
    }
}
