use super::Constraint;
use crate::networks::Network;
use crate::nn::Compute;

/// After each step, the incoming weights of every unit that have a larger L2 norm than `bound` are shortened to it (Srivastava et al. 2014,
/// "Dropout", section 5.1; with dropout and maxout units in Goodfellow et al. 2013, "Maxout Networks", section 5.1).
///
/// The incoming weights of a unit are a column of the array when all axes but the last are one: of a dense layer, a piece of a maxout layer
/// and an output channel of a convolution. A transposed convolution has its input channels last, so there they are the outgoing ones.
pub(super) struct MaxNorm {
    /// The largest norm, 1.9365 for MNIST in the code of the paper on maxout networks.
    pub(super) bound: f32,
}

impl<Dev: Compute> Constraint<Dev> for MaxNorm {
    fn after_step(&mut self, network: &mut dyn Network<Dev>) {
        network.visit(&mut |parameter| {
            // Biases, scales and shifts are vectors.
            let &[.., _, columns] = parameter.shape.as_slice() else { return };
            if parameter.trainable {
                let mut values = parameter.to_vec();
                shorten(&mut values, columns, self.bound);
                parameter.set(&values);
            }
        });
    }
}

/// Shortens the columns of a (rows, columns) matrix.
fn shorten(values: &mut [f32], columns: usize, bound: f32) {
    let mut squares = vec![0.0f64; columns];
    for row in values.chunks_exact(columns) {
        squares.iter_mut().zip(row).for_each(|(sum, &w)| *sum += f64::from(w).powi(2));
    }
    let factors: Vec<f32> =
        squares.iter().map(|sum| (f64::from(bound) / sum.sqrt()).min(1.0) as f32).collect();
    for row in values.chunks_exact_mut(columns) {
        row.iter_mut().zip(&factors).for_each(|(w, factor)| *w *= factor);
    }
}
