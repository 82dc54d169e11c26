use super::Pass;
use atelier_kernels::epilogue::{Dropout, Epilogue};

/// What the layer that is next may do at once of what comes after it: a leaky ReLU, a dropout, or both in this order. `features` are the
/// numbers of its output per example.
pub(super) fn epilogue(pass: &mut Pass, features: usize) -> Epilogue {
    let slope = pass.absorb_slope();
    let first = pass.first_example() * features;
    let dropout = pass.absorb_dropout().map(|(rate, key)| Dropout { rate, key, first });
    Epilogue { slope, dropout }
}
