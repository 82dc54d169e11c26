use super::average::{Average, arrays, restore};
use super::{
    Array, Data, Diverged, Exhibit, Find, Gradient, Learner, Length, Minibatch, Optimizer, outputs_of,
    test_parts,
};
use crate::config::Experiment;
use crate::config::optimizer::Optimizer as Rule;
use crate::config::training::Convolution;
use crate::networks::Network;
use crate::nn::{Compute, Pass, weighted_sum};
use crate::objective::classification::{Classification, predictions};
use crate::random::Stream;
use dfdx::tensor::Trace;
use dfdx::tensor_ops::Backward;

/// How a classifier learns.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// What it minimises.
    pub loss: Classification,
    /// How many classes there are.
    pub classes: usize,
    /// How it steps.
    pub optimizer: Rule,
    /// Feeds the stream `dropout`.
    pub seed: u64,
    /// Whether convolutions are computed directly even where another way is faster.
    pub direct_convolutions: bool,
}

impl Settings {
    /// How the classifier of this experiment learns, whose network has outputs for this loss and so many classes.
    pub fn of(experiment: &Experiment, loss: Classification, classes: usize) -> Self {
        Self {
            loss,
            classes,
            // Without players of their own, both have the section's rule.
            optimizer: experiment.optimizer.generator,
            seed: experiment.seed,
            direct_convolutions: experiment.training.convolution == Convolution::Direct,
        }
    }
}

/// What a classifier learns from one batch.
#[derive(Debug)]
pub struct Gradients<Dev: Compute> {
    /// One per trainable parameter, in the order of `visit`.
    pub gradients: Vec<Gradient<Dev>>,
    /// L2 norm of all of them.
    pub norm: f64,
    /// The mean over the batch.
    pub loss: f64,
    /// The share of examples that were named rightly.
    pub accuracy: f64,
}

/// A network that learns to name an example's class.
pub struct Classifier<Dev: Compute> {
    settings: Settings,
    device: Dev,
    network: Box<dyn Network<Dev>>,
    optimizer: Optimizer<Dev>,
    /// What is tested, if there is one.
    average: Option<Average<Dev>>,
    dropout: Stream,
}

impl<Dev: Compute> Classifier<Dev> {
    /// A classifier that has not learned yet.
    pub fn new(settings: Settings, device: Dev, mut network: Box<dyn Network<Dev>>) -> Self {
        let optimizer = Optimizer::new(settings.optimizer, "the classifier's gradient", &mut *network);
        let dropout = Stream::new(settings.seed, "dropout");
        Self { settings, device, network, optimizer, average: None, dropout }
    }

    /// With a moving average of its network, which is then tested.
    #[must_use]
    pub fn averaged(self, average: Average<Dev>) -> Self {
        Self { average: Some(average), ..self }
    }

    /// What the network learns from a batch in step number `step` (from 0).
    ///
    /// # Errors
    /// If a loss or gradient is not finite.
    ///
    /// # Panics
    /// If not every example has a label below the number of classes.
    pub fn gradients(&mut self, step: u64, batch: &Minibatch) -> Result<Gradients<Dev>, Diverged> {
        let labels = labels(batch);
        let shape = (labels.len(), batch.values.len() / labels.len().max(1));
        let examples = self.device.tensor_from_vec(batch.values.clone(), shape);
        let pass = Pass::train(self.dropout.key(step))
            .with_direct_convolutions(self.settings.direct_convolutions)
            .from_data();
        let outputs = self.network.traced(examples.leaky_traced(), pass);
        let judged = self.settings.loss.judge(&outputs.as_vec(), labels, self.settings.classes);
        let loss = Diverged::check("the classifier's loss", judged.loss)?;
        let mut gradients = weighted_sum(outputs, judged.slopes).backward();
        let (gradients, norm) = self.optimizer.gradients(&mut *self.network, &mut gradients)?;
        Ok(Gradients { gradients, norm, loss, accuracy: judged.right as f64 / labels.len() as f64 })
    }

    /// The outputs for the examples, in evaluation mode.
    fn outputs(&mut self, batch: &Minibatch) -> Vec<f32> {
        let network = self.average.as_mut().map_or(&mut self.network, |average| &mut average.network);
        outputs_of(&self.device, &mut **network, batch.values.clone(), labels(batch).len())
    }
}

/// The labels, which the caller has checked to be there.
fn labels(batch: &Minibatch) -> &[u8] {
    batch.labels.as_deref().unwrap_or_default()
}

impl<Dev: Compute> Learner for Classifier<Dev> {
    fn batches_per_step(&self) -> usize {
        1
    }

    fn set_length(&mut self, length: Length) {
        self.optimizer.set_length(length);
    }

    fn step(&mut self, step: u64, batches: &[Minibatch]) -> Result<Vec<f64>, Diverged> {
        let [batch] = batches else { unreachable!("one batch a step") };
        let Gradients { gradients, norm, loss, accuracy } = self.gradients(step, batch)?;
        self.optimizer.step(&mut *self.network, &gradients);
        if let Some(average) = &mut self.average {
            average.follow(&mut *self.network, step);
        }
        Ok(vec![loss, accuracy, norm])
    }

    /// Loss and accuracy over the test split; NaN without one.
    fn measure(&mut self, data: &dyn Data) -> Vec<f64> {
        let count = data.test_examples();
        let (mut loss, mut right) = (0.0, 0);
        for batch in test_parts(data) {
            let outputs = self.outputs(&batch);
            let labels = labels(&batch);
            let judged = self.settings.loss.judge(&outputs, labels, self.settings.classes);
            loss += judged.loss * labels.len() as f64;
            right += judged.right;
        }
        vec![loss / count as f64, right as f64 / count as f64]
    }

    fn exhibit(&mut self, data: &dyn Data, _: usize) -> Option<Exhibit> {
        let (mut labels, mut predicted) = (Vec::new(), Vec::new());
        for batch in test_parts(data) {
            let outputs = self.outputs(&batch);
            predicted.extend(predictions(&outputs, self.settings.classes));
            labels.extend_from_slice(self::labels(&batch));
        }
        Some(Exhibit::Predictions { classes: self.settings.classes, labels, predicted })
    }

    fn state(&mut self) -> Vec<Array> {
        let mut state = arrays("classifier", &mut *self.network);
        if let Some(average) = &mut self.average {
            state.extend(arrays("average", &mut *average.network));
        }
        state.extend(self.optimizer.state("optimizer.classifier"));
        state
    }

    fn restore(&mut self, steps: u64, find: &mut Find<'_>) -> Result<(), String> {
        restore("classifier", &mut *self.network, find)?;
        if let Some(average) = &mut self.average {
            restore("average", &mut *average.network, find)?;
        }
        self.optimizer.restore("optimizer.classifier", steps, find)
    }
}

#[cfg(test)]
mod tests;
