use crate::config::architecture::layers::{Layer, Parameters, Shape};

/// A stack of layers with its shapes.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    input: Shape,
    layers: Vec<Layer>,
    /// The output shape of each layer.
    outputs: Vec<Shape>,
}

/// One line of the table that `atelier show` prints.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The layer in a few words.
    pub layer: String,
    /// Shape of its output, without the batch.
    pub output: Shape,
    /// How many numbers it keeps.
    pub parameters: Parameters,
}

impl Network {
    /// Infers every shape from the input's.
    ///
    /// # Errors
    /// The index of the first layer that does not fit, and why. Index 0 stands for an empty or overlong list.
    pub fn new(input: Shape, layers: Vec<Layer>) -> Result<Self, (usize, String)> {
        if layers.is_empty() || layers.len() > 256 {
            return Err((0, format!("a network has 1 to 256 layers, not {}", layers.len())));
        }
        let mut outputs = Vec::with_capacity(layers.len());
        let mut shape = input;
        for (index, layer) in layers.iter().enumerate() {
            let kind = layer.kind();
            shape = kind.output(shape).map_err(|reason| (index, format!("{}: {reason}", kind.describe())))?;
            outputs.push(shape);
        }
        Ok(Self { input, layers, outputs })
    }

    /// Shape of one input.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// Shape of one output.
    pub fn output(&self) -> Shape {
        self.outputs.last().copied().unwrap_or(self.input)
    }

    /// The layers in the order of the data flow.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Each layer with the shape it is given and the one it gives.
    fn steps(&self) -> impl DoubleEndedIterator<Item = (&Layer, Shape, Shape)> {
        let inputs = std::iter::once(self.input).chain(self.outputs.iter().copied());
        let inputs: Vec<_> = inputs.take(self.layers.len()).collect();
        self.layers
            .iter()
            .zip(inputs)
            .zip(&self.outputs)
            .map(|((layer, input), &output)| (layer, input, output))
    }

    /// The table: a row per layer.
    pub fn rows(&self) -> Vec<Row> {
        self.steps()
            .map(|(layer, input, output)| {
                let kind = layer.kind();
                Row { layer: kind.describe(), output, parameters: kind.parameters(input) }
            })
            .collect()
    }

    /// All parameters together.
    pub fn parameters(&self) -> Parameters {
        self.rows().iter().fold(Parameters::default(), |sum, row| sum + row.parameters)
    }

    /// The type in `crate::nn` that computes this network: nested pairs, so that one `impl` for pairs makes a layer of
    /// any chain.
    pub fn rust_type(&self) -> String {
        let mut chain = String::new();
        for (layer, input, output) in self.steps().rev() {
            let this = layer.kind().rust_type(input, output);
            chain = if chain.is_empty() { this } else { format!("({this}, {chain})") };
        }
        chain
    }

    /// What `build.rs` and the program call this network: networks with one key differ in no shape.
    pub fn key(&self) -> String {
        format!("{} -> {}", self.input, self.rust_type())
    }
}
