use crate::config::architecture::layers::{Layer, Parameters, Residual, Shape, chain};

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
    /// How many numbers it keeps itself; those of its branches stand in their rows.
    pub parameters: Parameters,
}

impl Network {
    /// Infers every shape from the input's.
    ///
    /// # Errors
    /// The place of the first layer that does not fit, such as `[2]` or `[2].residual.layers[0]`, and why. `[0]` stands for an empty or
    /// overlong list.
    pub fn new(input: Shape, layers: Vec<Layer>) -> Result<Self, (String, String)> {
        let outputs = chain::outputs(input, &layers)?;
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

    /// Gives all batch norms this momentum, and tells how many there are.
    pub(super) fn set_batch_norm_momentum(&mut self, momentum: f32) -> usize {
        set_batch_norm_momentum(&mut self.layers, momentum)
    }

    /// The layers before the last one, without a dropout right before it: of a classifier that ends in a linear layer, what gives an example's features.
    pub fn trunk(&self) -> Self {
        let last = self.layers.len().saturating_sub(1);
        let kept = self.layers[..last].iter().rposition(|layer| !matches!(layer, Layer::Dropout(_)));
        let kept = kept.map_or(0, |at| at + 1);
        Self {
            input: self.input,
            layers: self.layers[..kept].to_vec(),
            outputs: self.outputs[..kept].to_vec(),
        }
    }

    /// How many classes the network reads labels of, if it does.
    pub fn classes(&self) -> Option<usize> {
        self.layers.iter().find_map(Layer::classes)
    }

    /// The table: a row per layer, and below a layer with branches a row for each of theirs.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        add_rows(&mut rows, "", self.input, &self.layers);
        rows
    }

    /// All parameters together.
    pub fn parameters(&self) -> Parameters {
        self.rows().iter().fold(Parameters::default(), |sum, row| sum + row.parameters)
    }

    /// The type in `crate::nn` that computes this network: nested pairs, so that one `impl` for pairs makes a layer of
    /// any chain.
    pub fn rust_type(&self) -> String {
        chain::rust_type(self.input, &self.layers, &self.outputs)
    }

    /// What `build.rs` and the program call this network: networks with one key differ in no shape.
    pub fn key(&self) -> String {
        format!("{} -> {}", self.input, self.rust_type())
    }
}

fn set_batch_norm_momentum(layers: &mut [Layer], momentum: f32) -> usize {
    let set = |layer: &mut Layer| match layer {
        Layer::BatchNorm(words) => {
            words.momentum = momentum;
            1
        }
        Layer::Residual(Residual { layers, shortcut }) => {
            set_batch_norm_momentum(layers, momentum) + set_batch_norm_momentum(shortcut, momentum)
        }
        _ => 0,
    };
    layers.iter_mut().map(set).sum()
}

fn add_rows(rows: &mut Vec<Row>, before: &str, input: Shape, layers: &[Layer]) {
    // A network's branches fit: its shapes are inferred before it is.
    let outputs = chain::outputs(input, layers).unwrap_or_default();
    for (layer, input, output) in chain::steps(input, layers, &outputs) {
        let kind = layer.kind();
        let branches = layer.branches();
        let parameters = if branches.is_empty() { kind.parameters(input) } else { Parameters::default() };
        rows.push(Row { layer: format!("{before}{}", kind.describe()), output, parameters });
        for (name, layers) in branches {
            let before = match name {
                "layers" => format!("{before}  "),
                _ => format!("{before}  {name}: "),
            };
            add_rows(rows, &before, input, layers);
        }
    }
}
