//! Layers one after the other: a network, or a branch of a layer that has layers inside.

use super::{Layer, Parameters, Shape};

/// The most layers of one list.
pub const MOST_LAYERS: usize = 256;

/// Infers the output shape of each layer from the shape of the first one's input.
///
/// # Errors
/// The place of the first layer that does not fit, such as `[2]` or `[2].residual.layers[0]`, and why. `[0]` stands for an empty or overlong
/// list.
pub fn outputs(input: Shape, layers: &[Layer]) -> Result<Vec<Shape>, (String, String)> {
    if layers.is_empty() || layers.len() > MOST_LAYERS {
        return Err((
            "[0]".to_owned(),
            format!("a list has 1 to {MOST_LAYERS} layers, not {}", layers.len()),
        ));
    }
    let mut outputs = Vec::with_capacity(layers.len());
    let mut shape = input;
    for (index, layer) in layers.iter().enumerate() {
        shape = output(shape, layer).map_err(|(inside, reason)| (format!("[{index}]{inside}"), reason))?;
        outputs.push(shape);
    }
    Ok(outputs)
}

/// One layer's output shape, or the place inside it that does not fit.
fn output(input: Shape, layer: &Layer) -> Result<Shape, (String, String)> {
    let kind = layer.kind();
    let word = kind.describe();
    for (name, layers) in layer.branches() {
        outputs(input, layers).map_err(|(at, reason)| (format!(".{word}.{name}{at}"), reason))?;
    }
    kind.output(input).map_err(|reason| (String::new(), format!("{word}: {reason}")))
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
