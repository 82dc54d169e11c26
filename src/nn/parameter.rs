use super::initialization::draw;
use super::{Compute, Fans, Initialization};
use crate::config::architecture::layers::Layer as Words;
use crate::random::Stream;
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::Tensor;
use dfdx::tensor_ops::ReshapeTo;

/// An array that a layer keeps: a weight, or a running statistic.
#[derive(Clone, Debug)]
pub struct Parameter<Dev: Compute> {
    /// `<position of the layer in its network>.<what it is>`, such as `4.weight`; inside a branch `4.shortcut.0.weight`.
    pub name: String,
    /// The shape that it is saved with; kernels see it flat.
    pub shape: Vec<usize>,
    /// The numbers.
    pub value: Tensor<(usize,), f32, Dev>,
    /// Whether the optimizer changes it (a running statistic only follows the data).
    pub trainable: bool,
}

impl<Dev: Compute> Parameter<Dev> {
    /// The numbers, on the host.
    pub fn to_vec(&self) -> Vec<f32> {
        let mut values = vec![0.0; self.shape.iter().product()];
        self.value.copy_into(&mut values);
        values
    }

    /// Replaces the numbers.
    ///
    /// # Panics
    /// If `values` has another length.
    pub fn set(&mut self, values: &[f32]) {
        self.value.copy_from(values);
    }
}

/// What an operation reads besides its input is called a parameter; this one nobody learns, keeps or sees.
pub(super) fn unlearned<S: Shape, Dev: Compute>(value: Tensor<S, f32, Dev>) -> Parameter<Dev> {
    let count = value.shape().num_elements();
    let value = value.reshape_like(&(count,));
    Parameter { name: String::new(), shape: vec![count], value, trainable: false }
}

/// What layers are built from: their words, where they live, and how their weights are drawn.
pub struct Builder<'a, Dev> {
    device: Dev,
    words: std::iter::Enumerate<std::slice::Iter<'a, Words>>,
    position: usize,
    /// What the names of parameters begin with, inside a branch.
    prefix: String,
    initialization: Initialization,
    weights: Stream,
    draws: u64,
}

impl<'a, Dev: Compute> Builder<'a, Dev> {
    /// A builder for the layers spelled by `words`, with weights drawn from `weights`.
    pub fn new(device: Dev, words: &'a [Words], initialization: Initialization, weights: Stream) -> Self {
        let (words, prefix) = (words.iter().enumerate(), String::new());
        Self { device, words, position: 0, prefix, initialization, weights, draws: 0 }
    }

    /// The words of the layer that is built now. Every layer asks exactly once, first.
    ///
    /// # Panics
    /// If the type has more layers than the words: the two are made from one list.
    pub(super) fn next_layer(&mut self) -> &'a Words {
        let (position, words) =
            self.words.next().expect("a type and its words have the same number of layers");
        self.position = position;
        words
    }

    /// Builds a branch of the current layer, which has words of its own.
    pub(super) fn branch<L>(
        &mut self,
        name: &str,
        words: &'a [Words],
        build: impl FnOnce(&mut Self) -> L,
    ) -> L {
        let inner = format!("{}{}.{name}.", self.prefix, self.position);
        let prefix = std::mem::replace(&mut self.prefix, inner);
        let (words, position) = (std::mem::replace(&mut self.words, words.iter().enumerate()), self.position);
        let branch = build(self);
        (self.prefix, self.words, self.position) = (prefix, words, position);
        branch
    }

    /// A weight, drawn as the experiment says.
    pub(super) fn weight(&mut self, shape: &[usize], fans: Fans) -> Parameter<Dev> {
        self.drawn("weight", shape, fans)
    }

    /// A parameter of this name, drawn as weights are.
    pub(super) fn drawn(&mut self, name: &str, shape: &[usize], fans: Fans) -> Parameter<Dev> {
        let mut values = vec![0.0; shape.iter().product()];
        draw(self.initialization, fans, &mut self.weights.at(self.draws), &mut values);
        self.draws += 1;
        self.parameter(name, shape, values, true)
    }

    /// A vector of trainable numbers that start at `value`.
    pub(super) fn vector(&mut self, name: &str, length: usize, value: f32) -> Parameter<Dev> {
        self.parameter(name, &[length], vec![value; length], true)
    }

    /// A running statistic that starts at `value`.
    pub(super) fn statistic(&mut self, name: &str, length: usize, value: f32) -> Parameter<Dev> {
        self.parameter(name, &[length], vec![value; length], false)
    }

    fn parameter(&self, name: &str, shape: &[usize], values: Vec<f32>, trainable: bool) -> Parameter<Dev> {
        let length = values.len();
        Parameter {
            name: format!("{}{}.{name}", self.prefix, self.position),
            shape: shape.to_vec(),
            value: self.device.tensor_from_vec(values, (length,)),
            trainable,
        }
    }
}
