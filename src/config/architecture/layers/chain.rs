//! Layers one after the other: a network, or a branch of a layer that has layers inside.

use super::{Layer, Parameters, Shape};

/// The most layers of one list.
pub const MOST_LAYERS: usize = 256;

/// Infers the output shape of each layer from the shape of the first one's input.
///
/// # Errors
/// The index of the first layer that does not fit, and why. Index 0 stands for an empty or overlong list.
pub fn outputs(input: Shape, layers: &[Layer]) -> Result<Vec<Shape>, (usize, String)> {
    if layers.is_empty() || layers.len() > MOST_LAYERS {
        return Err((0, format!("a list has 1 to {MOST_LAYERS} layers, not {}", layers.len())));
    }
    let mut outputs = Vec::with_capacity(layers.len());
    let mut shape = input;
    for (index, layer) in layers.iter().enumerate() {
        let kind = layer.kind();
        shape = kind.output(shape).map_err(|reason| (index, format!("{}: {reason}", kind.describe())))?;
        outputs.push(shape);
    }
    Ok(outputs)
}

/// Each layer with the shape it is given and the one it gives, from what [`outputs`] found.
pub fn steps<'a>(
    input: Shape,
    layers: &'a [Layer],
    outputs: &'a [Shape],
) -> impl DoubleEndedIterator<Item = (&'a Layer, Shape, Shape)> {
    let inputs: Vec<_> = std::iter::once(input).chain(outputs.iter().copied()).take(layers.len()).collect();
    layers.iter().zip(inputs).zip(outputs).map(|((layer, input), &output)| (layer, input, output))
}

/// All parameters together.
pub fn parameters(input: Shape, layers: &[Layer], outputs: &[Shape]) -> Parameters {
    steps(input, layers, outputs)
        .fold(Parameters::default(), |sum, (layer, input, _)| sum + layer.kind().parameters(input))
}

/// The type in `crate::nn` that computes the layers: nested pairs, so that one `impl` for pairs makes a layer of any chain.
pub fn rust_type(input: Shape, layers: &[Layer], outputs: &[Shape]) -> String {
    let mut chain = String::new();
    for (layer, input, output) in steps(input, layers, outputs).rev() {
        let this = layer.kind().rust_type(input, output);
        chain = if chain.is_empty() { this } else { format!("({this}, {chain})") };
    }
    chain
}
