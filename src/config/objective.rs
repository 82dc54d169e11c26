//! `[objective]`: the loss, its regularizer, and how the two players take turns; a BEGAN's equilibrium; a VAE's likelihood and β.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Bounds, Finding, Findings, Mark};
use super::key::path;
use super::words;

/// What the players minimise, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// The loss.
    pub loss: Loss,
    /// What is added to the discriminator's loss or done to its weights.
    pub regularizer: Regularizer,
    /// `minimax` and `non-saturating`: the discriminator's target for real examples, 0.5 to 1, in place of 1 (one-sided; Salimans et al. 2016).
    pub label_smoothing: Option<f64>,
    /// `least-squares`: the three targets, in place of 1, 0 and 1.
    pub targets: Option<Targets>,
    /// The order of the two players' steps.
    pub update: Update,
    /// Discriminator steps per generator step, 1 to 100; 1 where updates are simultaneous.
    pub discriminator_steps: usize,
    /// `began`: γ, the reconstruction error of generated examples over that of real ones that is aimed at: more than 0, at most 1; default 0.5
    /// (Berthelot et al. 2017, section 3.3). Low values give less diverse examples.
    pub gamma: f64,
    /// `began`: λ_k, how fast k moves towards that equilibrium, 0 to 1; default 0.001 (there, section 3.4).
    pub lambda_k: f64,
    /// `vae`: how an example is distributed around what the decoder draws; default [`Likelihood::Bernoulli`].
    pub likelihood: Likelihood,
    /// `vae`: the weight of the KL divergence, 0 to 1000; default 1 (Higgins et al. 2017).
    pub beta: f64,
}

/// The distribution p(x | z) of an example's values, independent given z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Likelihood {
    /// Each value is a probability: −log p(x | z) is the cross-entropy with a sigmoid of the decoder's output, for values in [0, 1].
    #[default]
    Bernoulli,
    /// Normal around the decoder's output, which is brought into the data's range.
    Gaussian {
        /// Its standard deviation, in the data's units, at least 0.001 and at most 100.
        #[schemars(extend("minimum" = 0.001, "maximum" = 100))]
        std: f64,
    },
}

/// The losses, on logits; softplus(x) = log(1 + eˣ).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// The generator minimises log(1 − D(G(z))) = −softplus(D's logit) (Goodfellow et al. 2014, equation 1).
    Minimax,
    /// The generator minimises −log D(G(z)) (Goodfellow et al. 2014, section 3).
    NonSaturating,
    /// Squared distance to targets (Mao et al. 2017).
    LeastSquares,
    /// Hinge (Lim and Ye 2017).
    Hinge,
    /// The critic's difference of means (Arjovsky et al. 2017).
    Wasserstein,
    /// Softplus of the difference between paired logits (Jolicoeur-Martineau 2018).
    Relativistic,
}

impl Loss {
    /// The word in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Minimax => "minimax",
            Self::NonSaturating => "non-saturating",
            Self::LeastSquares => "least-squares",
            Self::Hinge => "hinge",
            Self::Wasserstein => "wasserstein",
            Self::Relativistic => "relativistic",
        }
    }
}

/// The keys that not every loss has, and those that have them.
pub(super) const OWNERS: &[(&str, &[&str])] =
    &[("label_smoothing", &["minimax", "non-saturating"]), ("targets", &["least-squares"])];

/// What the discriminator should say, with the least-squares loss, each -10 to 10.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// Of real examples (b in the paper); default 1.
    #[serde(default = "one")]
    #[schemars(range(min = -10.0, max = 10.0))]
    pub real: f64,
    /// Of generated ones (a in the paper); default 0.
    #[serde(default)]
    #[schemars(range(min = -10.0, max = 10.0))]
    pub fake: f64,
    /// Of generated ones, in the generator's eyes (c in the paper); default 1.
    #[serde(default = "one")]
    #[schemars(range(min = -10.0, max = 10.0))]
    pub generator: f64,
}

impl Default for Targets {
    fn default() -> Self {
        Self { real: 1.0, fake: 0.0, generator: 1.0 }
    }
}

fn one() -> f64 {
    1.0
}

/// The regularizers of the discriminator.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Regularizer {
    /// None.
    None,
    /// Every weight is clipped to [-bound, bound] after each step (Arjovsky et al. 2017).
    WeightClipping {
        /// Greater than 0 and at most 10.
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 10))]
        bound: f64,
    },
    /// The incoming weights of a unit shortened to a norm of `bound` after each step (Srivastava et al. 2014).
    MaxNorm {
        /// Greater than 0 and at most 1000.
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1000))]
        bound: f64,
    },
    /// weight · (‖∇D‖ − 1)² between real and generated examples (Gulrajani et al. 2017).
    GradientPenalty {
        /// Greater than 0 and at most 10,000.
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 10_000))]
        weight: f64,
        /// Whether only norms above 1 cost: weight · max(0, ‖∇D‖ − 1)² (Petzka et al. 2018).
        #[serde(default, skip_serializing_if = "is_false")]
        one_sided: bool,
    },
    /// weight · (‖∇D‖ − 1)² around real examples (Kodali et al. 2017).
    Dragan {
        /// Greater than 0 and at most 10,000.
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 10_000))]
        weight: f64,
    },
    /// gamma/2 · ‖∇D‖² at real examples (Mescheder et al. 2018).
    R1 {
        /// Greater than 0 and at most 10,000.
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 10_000))]
        gamma: f64,
    },
    /// gamma/2 · ‖∇D‖² at generated examples (Mescheder et al. 2018).
    R2 {
        /// Greater than 0 and at most 10,000.
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 10_000))]
        gamma: f64,
    },
    /// gamma/2 · (‖∇D‖² at real + ‖∇D‖² at generated examples) (Huang et al. 2024, R3GAN).
    #[serde(rename = "r1-r2")]
    R1R2 {
        /// Greater than 0 and at most 10,000.
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 10_000))]
        gamma: f64,
    },
    /// Weights divided by their largest singular value (Miyato et al. 2018).
    SpectralNorm,
}

impl Regularizer {
    /// The word in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::WeightClipping { .. } => "weight-clipping",
            Self::MaxNorm { .. } => "max-norm",
            Self::GradientPenalty { .. } => "gradient-penalty",
            Self::Dragan { .. } => "dragan",
            Self::R1 { .. } => "r1",
            Self::R2 { .. } => "r2",
            Self::R1R2 { .. } => "r1-r2",
            Self::SpectralNorm => "spectral-norm",
        }
    }

    /// Whether it takes the discriminator's gradient at examples.
    pub fn is_penalty(self) -> bool {
        !matches!(self, Self::None | Self::WeightClipping { .. } | Self::MaxNorm { .. } | Self::SpectralNorm)
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

/// The order of the two players' steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Update {
    /// Both gradients from one batch of generated examples and the same weights.
    Simultaneous,
    /// The discriminator's steps first, then the generator's against the new discriminator.
    Alternating,
}

/// What the players minimise, and when.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    /// The loss.
    loss: Loss,
    /// What is added to the discriminator's loss or done to its weights.
    regularizer: Regularizer,
    /// `minimax` and `non-saturating`: the discriminator's target for real examples, in place of 1 (one-sided; Salimans et al. 2016).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.5, max = 1.0))]
    label_smoothing: Option<f64>,
    /// `least-squares`: what the discriminator should say.
    #[serde(skip_serializing_if = "Option::is_none")]
    targets: Option<Targets>,
    /// The order of the two players' steps.
    update: Update,
    /// Discriminator steps per generator step; 1 where updates are simultaneous.
    #[schemars(range(min = 1, max = 100))]
    discriminator_steps: i64,
    /// `began`: the reconstruction error of generated examples over that of real ones that is aimed at; low values give less diverse
    /// examples; default 0.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
    gamma: Option<f64>,
    /// `began`: how fast k, the weight of generated examples in the discriminator's loss, moves towards that equilibrium; default 0.001.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    lambda_k: Option<f64>,
    /// `vae`: how an example is distributed around what the decoder draws; default bernoulli.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    likelihood: Option<Likelihood>,
    /// `vae`: the weight of the KL divergence; default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1000.0))]
    beta: Option<f64>,
}

impl Section {
    /// The checked objective; what is wrong goes to `findings`.
    pub(super) fn resolve(self, findings: &mut Findings) -> Objective {
        let word = self.loss.word();
        let given =
            [("label_smoothing", self.label_smoothing.is_some()), ("targets", self.targets.is_some())];
        for (key, owners) in OWNERS {
            if given.contains(&(*key, true)) && !owners.contains(&word) {
                let key = format!("objective.{key}");
                findings.does_not_belong(&key, &words::list(owners), "objective.loss", word);
            }
        }
        if let Some(target) = self.label_smoothing {
            findings.number("objective.label_smoothing", target, Bounds::Within(0.5, 1.0));
        }
        if let Some(Targets { real, fake, generator }) = self.targets {
            for (key, target) in [("real", real), ("fake", fake), ("generator", generator)] {
                findings.number(&format!("objective.targets.{key}"), target, Bounds::Within(-10.0, 10.0));
            }
        }
        self.check_regularizer(findings);
        let steps =
            findings.count("objective.discriminator_steps", self.discriminator_steps, 1..=100, "steps");
        if self.update == Update::Simultaneous && steps > 1 {
            let message = format!(
                "`objective.discriminator_steps` is {steps}, but simultaneous updates take both gradients at the same \
                 weights, so it must be 1"
            );
            let finding =
                Finding::new(path("objective.discriminator_steps"), Mark::Value, message).label("must be 1");
            let finding = finding.also("objective.update", "simultaneous");
            findings.add(finding.help("write update = \"alternating\", or leave discriminator_steps at 1"));
        }
        let gamma = findings.number("objective.gamma", self.gamma.unwrap_or(0.5), Bounds::Above(0.0, 1.0));
        let lambda_k = self.lambda_k.unwrap_or(0.001);
        let lambda_k = findings.number("objective.lambda_k", lambda_k, Bounds::Within(0.0, 1.0));
        let likelihood = self.likelihood.unwrap_or_default();
        if let Likelihood::Gaussian { std } = likelihood {
            findings.number("objective.likelihood.gaussian.std", std, Bounds::Within(0.001, 100.0));
        }
        let beta = findings.number("objective.beta", self.beta.unwrap_or(1.0), Bounds::Within(0.0, 1000.0));
        Objective {
            loss: self.loss,
            regularizer: self.regularizer,
            label_smoothing: self.label_smoothing,
            targets: self.targets,
            update: self.update,
            discriminator_steps: steps,
            gamma,
            lambda_k,
            likelihood,
            beta,
        }
    }

    fn check_regularizer(&self, findings: &mut Findings) {
        let word = self.regularizer.word();
        let (name, value, high) = match self.regularizer {
            Regularizer::None | Regularizer::SpectralNorm => ("", 1.0, 1.0),
            Regularizer::WeightClipping { bound } => ("bound", bound, 10.0),
            Regularizer::MaxNorm { bound } => ("bound", bound, 1000.0),
            Regularizer::GradientPenalty { weight, .. } | Regularizer::Dragan { weight } => {
                ("weight", weight, 10_000.0)
            }
            Regularizer::R1 { gamma } | Regularizer::R2 { gamma } | Regularizer::R1R2 { gamma } => {
                ("gamma", gamma, 10_000.0)
            }
        };
        if !name.is_empty() {
            findings.number(&format!("objective.regularizer.{word}.{name}"), value, Bounds::Above(0.0, high));
        }
    }
}

impl From<&Objective> for Section {
    fn from(objective: &Objective) -> Self {
        Self {
            loss: objective.loss,
            regularizer: objective.regularizer,
            label_smoothing: objective.label_smoothing,
            targets: objective.targets,
            update: objective.update,
            discriminator_steps: objective.discriminator_steps as i64,
            gamma: Some(objective.gamma),
            lambda_k: Some(objective.lambda_k),
            likelihood: Some(objective.likelihood),
            beta: Some(objective.beta),
        }
    }
}
