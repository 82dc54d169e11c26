use super::compute::Link;
use super::{Batch, Mode};
use dfdx::prelude::Cpu;
use dfdx::shapes::HasShape;
use dfdx::tensor::Tensor;
use std::cell::{OnceCell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// One pass through a network: what the layers need to know besides their input.
#[derive(Clone, Debug)]
pub struct Pass {
    /// Training or evaluation.
    pub mode: Mode,
    /// Whether the parameters' gradients are wanted. A generator's step needs the discriminator's input gradient only.
    pub parameter_gradients: bool,
    /// From which example on the gradient of the layer's input is wanted, if at all: not for data, which nothing can learn from.
    pub input_gradient: Option<usize>,
    /// Whether values between layers have more than one reader, as they have beside a tangent that depends on them.
    pub(super) shared_inputs: bool,
    /// Whether layers are computed from dfdx's operations even where there are kernels.
    pub(super) composed: bool,
    /// Whether convolutions are computed directly even where another way is faster.
    pub(super) direct: bool,
    /// What the last examples' parts of the parameters' gradients are multiplied with.
    pub(super) example_weights: Option<ExampleWeights>,
    /// The examples' classes, for layers that read them.
    labels: Option<Rc<[u32]>>,
    /// The last operation's output and where its gradient is put.
    pub(super) last: Option<Link>,
    /// The same of the last operation on a tangent.
    last_along: Option<Link>,
    /// Which gradients are wanted of a tangent, where none are of the values that it is taken at: those of its input and of the parameters, as
    /// above.
    along: Option<(Option<usize>, bool)>,
    /// What becomes of the operations' outputs besides.
    memory: Option<Use>,
    /// Where dropout's masks come from; passes with one key drop the same values.
    key: u64,
    dropouts: u64,
    /// The place of the batch's first example among those that share the key.
    first_example: usize,
    /// What the layers after the current one do element by element, and how many of these layers the current one has done the work of.
    offered: Vec<Elementwise>,
    absorbed: usize,
}

/// What the last examples' parts of the parameters' gradients are multiplied with, one number each (the examples before count once): to be set
/// after the forward pass and before the backward pass.
///
/// With a logit's slope of 1 on the way back, the gradient that reaches its example is that of the logit, whatever the loss; the
/// parameters' gradients are those of a loss whose slope at the logit is the weight.
pub type ExampleWeights = Rc<OnceCell<Vec<f32>>>;

/// What the operations of one pass gave, for a tangent at the same examples with the same masks, which need not compute it again.
#[derive(Clone, Debug, Default)]
pub struct Memory(Rc<RefCell<VecDeque<Tensor<Batch, f32, Cpu>>>>);

/// What a pass does with a memory.
#[derive(Clone, Debug)]
enum Use {
    Remember(Memory),
    Recall(Memory),
}

/// What a layer does to each number by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Elementwise {
    /// x where x > 0, else the slope times x.
    LeakyRelu(f32),
    /// Inverted dropout, in training.
    Dropout {
        /// The probability of zero.
        rate: f32,
        /// Where the mask comes from.
        key: u64,
    },
}

impl Pass {
    /// A training pass whose dropout masks follow from `key`, with all gradients.
    pub fn train(key: u64) -> Self {
        Self {
            mode: Mode::Train,
            parameter_gradients: true,
            input_gradient: Some(0),
            shared_inputs: false,
            composed: false,
            direct: false,
            example_weights: None,
            labels: None,
            last: None,
            last_along: None,
            along: None,
            memory: None,
            key,
            dropouts: 0,
            first_example: 0,
            offered: Vec::new(),
            absorbed: 0,
        }
    }

    /// An evaluation pass.
    pub fn evaluate() -> Self {
        Self { mode: Mode::Evaluate, ..Self::train(0) }
    }

    /// The same in this mode.
    pub fn in_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// The same without the parameters' gradients.
    pub fn frozen(self) -> Self {
        Self { parameter_gradients: false, ..self }
    }

    /// The same without the gradient of the network's input.
    pub fn from_data(self) -> Self {
        Self { input_gradient: None, ..self }
    }

    /// The same with the gradient of the network's input from example `first` on only.
    pub fn input_gradient_from(self, first: usize) -> Self {
        Self { input_gradient: Some(first), ..self }
    }

    /// The same with weights of the last examples. Only for networks that treat examples independently, on devices with kernels.
    pub fn weighted(self, weights: &ExampleWeights) -> Self {
        Self { example_weights: Some(weights.clone()), ..self }
    }

    /// The same for examples of these classes: one label for each example of the batch, in its order.
    pub fn with_labels(self, labels: &Rc<[u32]>) -> Self {
        Self { labels: Some(labels.clone()), ..self }
    }

    /// The same for a batch that starts with example number `first` of those that share the key: their masks are the same as if they were one
    /// batch.
    pub fn starting_at(self, first: usize) -> Self {
        Self { first_example: first, ..self }
    }

    /// The same for a pass that carries a tangent along, of layers which are curved or not (see [`Layer::CURVED`](super::Layer::CURVED)). Of
    /// those which are not, no gradient goes back through the values.
    pub fn with_tangent(self, is_curved: bool) -> Self {
        if is_curved {
            return Self { shared_inputs: true, memory: None, ..self };
        }
        let along = Some((self.input_gradient, self.parameter_gradients));
        Self { along, input_gradient: None, parameter_gradients: false, ..self }
    }

    /// The pass for a layer's operation on the tangent: from the same state as for its operation on the value, and so to be made before that
    /// one changes it.
    pub(super) fn twin(&self) -> Self {
        let (input_gradient, parameter_gradients) =
            self.along.unwrap_or((self.input_gradient, self.parameter_gradients));
        Self {
            last: self.last_along.clone(),
            input_gradient,
            parameter_gradients,
            memory: None,
            ..self.clone()
        }
    }

    /// Remembers where the tangent came to.
    pub(super) fn rejoin(&mut self, twin: Self) {
        self.last_along = twin.last;
        if let Some((input_gradient, _)) = &mut self.along {
            *input_gradient = twin.input_gradient;
        }
    }

    /// The same, remembering what its operations give.
    pub fn remembering(self, memory: &Memory) -> Self {
        Self { memory: Some(Use::Remember(memory.clone())), ..self }
    }

    /// The same with what a pass from the same state remembered, which is forgotten on the way. Layers that are curved compute anew.
    pub fn recalling(self, memory: &Memory) -> Self {
        Self { memory: Some(Use::Recall(memory.clone())), ..self }
    }

    /// The output of the operation that is next, (batch, features), if it is remembered.
    pub(super) fn recall(&mut self, shape: Batch) -> Option<Tensor<Batch, f32, Cpu>> {
        let Some(Use::Recall(memory)) = &self.memory else { return None };
        let output = memory.0.borrow_mut().pop_front()?;
        assert_eq!(*output.shape(), shape, "a pass from the same state has the same operations");
        Some(output)
    }

    /// Remembers the output of an operation, if this is asked for.
    pub(super) fn remember(&mut self, output: &Tensor<Batch, f32, Cpu>) {
        if let Some(Use::Remember(memory)) = &self.memory {
            memory.0.borrow_mut().push_back(output.clone());
        }
    }

    /// The same computed from dfdx's own operations, as on a device without kernels: slow, and here for comparison.
    pub fn composed(self) -> Self {
        Self { composed: true, ..self }
    }

    /// The same with direct convolutions only, if `direct`.
    pub fn with_direct_convolutions(self, direct: bool) -> Self {
        Self { direct, ..self }
    }

    /// The key of the next dropout layer, and the place of the batch's first example.
    pub(super) fn next_dropout(&mut self) -> (u64, usize) {
        let key = self.dropout_key();
        self.dropouts += 1;
        (key, self.first_example)
    }

    /// The key that the next dropout layer will have.
    pub(super) fn dropout_key(&self) -> u64 {
        // An odd constant (2^64 / golden ratio) spreads the layers' keys; the kernel hashes them further.
        self.key.wrapping_add((self.dropouts + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    pub(super) fn first_example(&self) -> usize {
        self.first_example
    }

    /// The labels of a batch, each below `classes`.
    ///
    /// # Panics
    /// If the pass has no labels, or others than the batch and the layer are made for: that is for the configuration to refuse.
    pub(super) fn labels(&self, batch: usize, classes: usize) -> Rc<[u32]> {
        let labels = self.labels.as_ref().expect("a pass through a layer that reads labels has labels");
        assert_eq!(labels.len(), batch, "one label for each example");
        assert!(labels.iter().all(|&label| (label as usize) < classes), "labels are below {classes}");
        labels.clone()
    }

    /// Lets `list` say what comes after the layer that is next.
    pub(super) fn offer(&mut self, list: impl FnOnce(&Self, &mut Vec<Elementwise>)) {
        let mut offered = std::mem::take(&mut self.offered);
        offered.clear();
        if !self.composed && self.absorbed == 0 {
            list(self, &mut offered);
            offered.reverse();
        }
        self.offered = offered;
    }

    /// Takes over the slope of the leaky ReLU that comes next, if one does.
    pub(super) fn absorb_slope(&mut self) -> Option<f32> {
        match self.offered.last() {
            Some(&Elementwise::LeakyRelu(slope)) => {
                self.offered.pop();
                self.absorbed += 1;
                Some(slope)
            }
            _ => None,
        }
    }

    /// Takes over the rate and key of the dropout that comes next, if one does.
    pub(super) fn absorb_dropout(&mut self) -> Option<(f32, u64)> {
        match self.offered.last() {
            Some(&Elementwise::Dropout { rate, key }) => {
                self.offered.pop();
                self.absorbed += 1;
                Some((rate, key))
            }
            _ => None,
        }
    }

    /// Whether the layer before has done the work of this one.
    pub(super) fn is_absorbed(&mut self) -> bool {
        let absorbed = self.absorbed > 0;
        self.absorbed -= usize::from(absorbed);
        absorbed
    }

    /// The link to the operation that made `x`, if that was the last one.
    pub(super) fn link_to(&self, x: &Tensor<Batch, f32, Cpu>) -> Option<&Link> {
        self.last.as_ref().filter(|link| !self.shared_inputs && link.leads_to(x))
    }
}
