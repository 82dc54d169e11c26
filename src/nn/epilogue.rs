use super::Pass;
use atelier_kernels::epilogue::{Dropout, Epilogue, scale_rows};

/// What the layer that is next may do at once of what comes after it: a leaky ReLU, a dropout, or both in this order. `features` are the
/// numbers of its output per example.
pub(super) fn epilogue(pass: &mut Pass, features: usize) -> Epilogue {
    let slope = pass.absorb_slope();
    let first = pass.first_example() * features;
    let dropout = pass.absorb_dropout().map(|(rate, key)| Dropout { rate, key, first });
    Epilogue { slope, dropout }
}

/// Multiplies the last rows of `features` numbers each with the weights.
pub(super) fn scale_last(weights: &[f32], features: usize, matrix: &mut [f32]) {
    if !weights.is_empty() {
        let first = matrix.len() - weights.len() * features;
        scale_rows(weights, &mut matrix[first..]);
    }
}

/// The same for the examples from `first` on of a batch of `features` numbers per example.
pub(super) fn from_example(epilogue: Epilogue, first: usize, features: usize) -> Epilogue {
    let dropout =
        epilogue.dropout.map(|dropout| Dropout { first: dropout.first + first * features, ..dropout });
    Epilogue { dropout, ..epilogue }
}
