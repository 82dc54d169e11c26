//! Losses of classifiers: (B, K) outputs and B labels below K -> the mean over the batch, and its gradient.

/// A classifier's loss on a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Classified {
    /// The mean over the batch.
    pub loss: f64,
    /// ∂loss/∂output, (B, K).
    pub slopes: Vec<f32>,
    /// How many examples were named rightly.
    pub right: usize,
}

/// Which number a classifier's outputs are held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Classification {
    /// Of a sigmoid a for each class: Σ_k (a_k − y_k)², y one-hot (3Blue1Brown's digits network).
    SquaredError,
    /// Of logits l: −ln softmax(l)_y = ln Σ_k exp(l_k) − l_y, in nats. The largest logit is taken out first, so that nothing
    /// overflows.
    CrossEntropy,
}

impl Classification {
    /// The loss on `outputs`, (B, K) for the K `classes`, whose right answers are `labels`.
    ///
    /// # Panics
    /// If a label is not below K, or there is not one for each example.
    pub fn judge(self, outputs: &[f32], labels: &[u8], classes: usize) -> Classified {
        assert_eq!(outputs.len(), labels.len() * classes, "a label for each example");
        let batch = labels.len() as f64;
        let mut judged = Classified { loss: 0.0, slopes: Vec::with_capacity(outputs.len()), right: 0 };
        for (outputs, &label) in outputs.chunks_exact(classes).zip(labels) {
            let label = usize::from(label);
            assert!(label < classes, "label {label} of {classes} classes");
            judged.right += usize::from(best(outputs) == label);
            judged.loss += match self {
                Self::SquaredError => squared_error(outputs, label, batch, &mut judged.slopes),
                Self::CrossEntropy => cross_entropy(outputs, label, batch, &mut judged.slopes),
            } / batch;
        }
        judged
    }
}

/// The class of each example: that of its largest output, the first of equal ones.
pub fn predictions(outputs: &[f32], classes: usize) -> Vec<u8> {
    outputs.chunks_exact(classes).map(|outputs| u8::try_from(best(outputs)).unwrap_or(u8::MAX)).collect()
}

fn best(outputs: &[f32]) -> usize {
    (1..outputs.len()).fold(0, |best, class| if outputs[class] > outputs[best] { class } else { best })
}

fn squared_error(outputs: &[f32], label: usize, batch: f64, slopes: &mut Vec<f32>) -> f64 {
    let mut loss = 0.0;
    for (class, &output) in outputs.iter().enumerate() {
        let error = f64::from(output) - f64::from(u8::from(class == label));
        loss += error * error;
        slopes.push((2.0 * error / batch) as f32);
    }
    loss
}

fn cross_entropy(logits: &[f32], label: usize, batch: f64, slopes: &mut Vec<f32>) -> f64 {
    let largest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = logits.iter().map(|&logit| (f64::from(logit) - largest).exp()).sum();
    let normalizer = largest + sum.ln();
    for (class, &logit) in logits.iter().enumerate() {
        let probability = (f64::from(logit) - normalizer).exp();
        slopes.push(((probability - f64::from(u8::from(class == label))) / batch) as f32);
    }
    normalizer - f64::from(logits[label])
}

#[cfg(test)]
mod tests;
