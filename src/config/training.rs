//! `[training]`: how long, in what batches, on which device, from which weights.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Bounds, Finding, Findings, Mark};
use super::key::path;
use super::words;

mod early_stop;

pub use early_stop::EarlyStop;

/// How the training goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// When it ends.
    pub length: Length,
    /// Examples per step, 1 to 65,536; default 256.
    pub batch_size: usize,
    /// Where it computes.
    pub device: Device,
    /// Epochs between checkpoints that are kept, at least 1; `None` keeps the latest only.
    pub checkpoint_every: Option<u64>,
    /// How weights begin; biases begin at 0, scales at 1. [`Training::initialization_of`] knows the players' own ways.
    pub initialization: Initialization,
    /// How the generator's begin, where that is another way.
    pub generator_initialization: Option<Initialization>,
    /// How the discriminator's begin, where that is another way.
    pub discriminator_initialization: Option<Initialization>,
    /// The moving average of the generator's weights, of a VAE's or of a classifier's, if one is kept.
    pub ema: Option<Ema>,
    /// When it ends before its length, if it may.
    pub early_stop: Option<EarlyStop>,
    /// How convolutions are computed on the processor.
    pub convolution: Convolution,
}

impl Training {
    /// How the weights of the network of this name begin.
    pub fn initialization_of(&self, network: &str) -> Initialization {
        let own = match network {
            "generator" => self.generator_initialization,
            "discriminator" => self.discriminator_initialization,
            _ => None,
        };
        own.unwrap_or(self.initialization)
    }
}

/// The keys that say how long a training is, of which there is one.
pub(super) const LENGTHS: [&str; 3] = ["epochs", "steps", "images"];

/// The training's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Passes over the training examples, 1 to 1,000,000.
    Epochs(u64),
    /// Generator steps, 1 to 1,000,000,000.
    Steps(u64),
    /// Real examples shown, 1 to 1,000,000,000,000: as many steps as fit in, of a batch for each of their discriminator steps. So
    /// learners that take other numbers of batches a step see equally much.
    Images(u64),
}

/// Where the training computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Device {
    /// The processor.
    Cpu,
    /// An NVIDIA GPU; refused at run time by a build without the feature `cuda`.
    Cuda,
}

impl Device {
    /// The word in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }
}

/// How convolutions are computed on the processor. The results differ by rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Convolution {
    /// By their frequencies where that is faster, else directly.
    #[default]
    Fastest,
    /// Always directly: for comparison.
    Direct,
}

/// How weights begin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Initialization {
    /// Uniform in ±√(6 / (fan_in + fan_out)), Keras's default (Glorot and Bengio 2010).
    GlorotUniform,
    /// Normal with standard deviation √(2 / fan_in) (He et al. 2015).
    HeNormal,
    /// N(0, std²).
    Normal {
        /// Greater than 0 and at most 10.
        #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 10))]
        std: f64,
    },
    /// Uniform in [low, high), each within [-10, 10].
    Uniform {
        /// The smallest weight.
        #[schemars(range(min = -10.0, max = 10.0))]
        low: f64,
        /// The bound above.
        #[schemars(range(min = -10.0, max = 10.0))]
        high: f64,
    },
}

/// A moving average: average ← decay · average + (1 − decay) · weights, after each generator step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ema {
    /// How slowly it follows.
    pub memory: Memory,
    /// Whether the decay of step t, from 0, is at most (1 + t) / (10 + t), so that the first weights are soon forgotten (TensorFlow's
    /// `ExponentialMovingAverage` with `num_updates`); default false.
    pub warm_up: bool,
}

/// How slowly a moving average follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Memory {
    /// By its decay, in [0, 1); default 0.999.
    Decay(f64),
    /// By the images after which half of the old is left, greater than 0 and at most 1e9: decay = 0.5^(batch_size / half_life), as the code of
    /// StyleGAN2 has it (Karras et al. 2020; 10,000 images).
    HalfLife(f64),
}

/// The moving average in the file.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EmaSection {
    /// What is left of the old after a generator step; default 0.999. At most one of `decay` and `half_life`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
    decay: Option<f64>,
    /// Images after which half of the old is left, a generator step being worth a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1e9))]
    half_life: Option<f64>,
    /// Whether the decay of step t, from 0, is at most (1 + t) / (10 + t); default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    warm_up: Option<bool>,
}

impl EmaSection {
    fn resolve(self, findings: &mut Findings) -> Ema {
        if let Some(decay) = self.decay {
            findings.number("training.ema.decay", decay, Bounds::Below(0.0, 1.0));
        }
        if let Some(images) = self.half_life {
            findings.number("training.ema.half_life", images, Bounds::Above(0.0, 1e9));
        }
        if self.decay.is_some() && self.half_life.is_some() {
            let message = "`training.ema` has both `decay` and `half_life`, but takes at most one of the two";
            let finding =
                Finding::new(path("training.ema.half_life"), Mark::Key, message).label("one too many");
            findings.add(finding.also("training.ema.decay", "the other").help("remove one of them"));
        }
        let memory = self.half_life.map_or(Memory::Decay(self.decay.unwrap_or(0.999)), Memory::HalfLife);
        Ema { memory, warm_up: self.warm_up.unwrap_or(false) }
    }
}

impl From<Ema> for EmaSection {
    fn from(ema: Ema) -> Self {
        let (decay, half_life) = match ema.memory {
            Memory::Decay(decay) => (Some(decay), None),
            Memory::HalfLife(images) => (None, Some(images)),
        };
        Self { decay, half_life, warm_up: ema.warm_up.then_some(true) }
    }
}

/// How the training goes; needs `epochs`, `steps` or `images`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    /// Passes over the training examples; exactly one of `epochs`, `steps` and `images`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    epochs: Option<i64>,
    /// Generator steps; exactly one of `epochs`, `steps` and `images`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    steps: Option<i64>,
    /// Real examples shown in all discriminator steps together; exactly one of `epochs`, `steps` and `images`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000_000_i64))]
    images: Option<i64>,
    /// Examples per step.
    #[schemars(range(min = 1, max = 65_536))]
    batch_size: i64,
    /// Where it computes.
    device: Device,
    /// Epochs between checkpoints that are kept; only the latest where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(super) checkpoint_every: Option<i64>,
    /// How weights begin; biases begin at 0, scales at 1.
    initialization: Initialization,
    /// The moving average of the generator's weights, of a VAE's or of a classifier's, which samples and test columns then come from; none is
    /// kept where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    ema: Option<EmaSection>,
    /// Ends the training when a column no longer gets better; it goes its whole length where this is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    early_stop: Option<early_stop::Section>,
    /// How convolutions are computed on the processor; the results differ by rounding.
    convolution: Convolution,
    /// Overrides single keys for the generator.
    #[serde(skip_serializing_if = "Option::is_none")]
    generator: Option<Player>,
    /// Overrides single keys for the discriminator.
    #[serde(skip_serializing_if = "Option::is_none")]
    discriminator: Option<Player>,
}

/// Overrides single keys for one player.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Player {
    /// How its weights begin; as `training.initialization` says where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    initialization: Option<Initialization>,
}

impl Player {
    /// The player's own way, if it has one.
    fn own(player: Option<Self>, shared: Initialization) -> Option<Initialization> {
        player?.initialization.filter(|own| *own != shared)
    }
}

impl Section {
    /// The checked training; what is wrong goes to `findings`.
    pub(super) fn resolve(self, findings: &mut Findings) -> Training {
        self.initialization.check("training.initialization", findings);
        for (name, player) in [("generator", self.generator), ("discriminator", self.discriminator)] {
            if let Some(initialization) = player.and_then(|player| player.initialization) {
                initialization.check(&format!("training.{name}.initialization"), findings);
            }
        }
        Training {
            length: self.length(findings),
            batch_size: findings.count("training.batch_size", self.batch_size, 1..=65_536, "examples"),
            device: self.device,
            checkpoint_every: self
                .checkpoint_every
                .map(|every| findings.whole("training.checkpoint_every", every, 1..=1_000_000, "epochs")),
            initialization: self.initialization,
            generator_initialization: Player::own(self.generator, self.initialization),
            discriminator_initialization: Player::own(self.discriminator, self.initialization),
            ema: self.ema.map(|ema| ema.resolve(findings)),
            early_stop: self.early_stop.map(|stop| stop.resolve(findings)),
            convolution: self.convolution,
        }
    }

    fn length(&self, findings: &mut Findings) -> Length {
        let given: Vec<(&str, i64)> = LENGTHS
            .into_iter()
            .zip([self.epochs, self.steps, self.images])
            .filter_map(|(key, value)| Some((key, value?)))
            .collect();
        match given.as_slice() {
            [("epochs", epochs)] => {
                Length::Epochs(findings.whole("training.epochs", *epochs, 1..=1_000_000, "epochs"))
            }
            [("steps", steps)] => {
                Length::Steps(findings.whole("training.steps", *steps, 1..=1_000_000_000, "steps"))
            }
            [(_, images)] => {
                Length::Images(findings.whole("training.images", *images, 1..=1_000_000_000_000, "images"))
            }
            [(one, _), (other, _), ..] => {
                let (one, other) = (format!("training.{one}"), format!("training.{other}"));
                let message = format!(
                    "[training] has both {}, but needs exactly one of {}",
                    words::list(&given.iter().map(|(key, _)| *key).collect::<Vec<_>>()),
                    words::list(&LENGTHS)
                );
                let finding = Finding::new(path(&other), Mark::Key, message).label("one too many");
                findings.add(finding.also(&one, "the other").help("remove one of them"));
                Length::Epochs(1)
            }
            [] => {
                let message =
                    "nothing says how long to train: [training] needs `epochs`, `steps` or `images`";
                let finding = Finding::new(path("training.epochs"), Mark::Table, message).label("incomplete");
                findings.add(finding.help(
                    "add epochs = 10 to [training], or steps = 1000 (generator steps), or images = 1_000_000 (real examples shown)",
                ));
                Length::Epochs(1)
            }
        }
    }
}

impl Initialization {
    /// Checks the parameters of what stands at `key`.
    fn check(self, key: &str, findings: &mut Findings) {
        match self {
            Self::GlorotUniform | Self::HeNormal => {}
            Self::Normal { std } => {
                findings.number(&format!("{key}.normal.std"), std, Bounds::Above(0.0, 10.0));
            }
            Self::Uniform { low, high } => {
                let (low_key, high_key) = (format!("{key}.uniform.low"), format!("{key}.uniform.high"));
                findings.number(&low_key, low, Bounds::Within(-10.0, 10.0));
                findings.number(&high_key, high, Bounds::Within(-10.0, 10.0));
                if low >= high {
                    let message = format!("`low` is {low}, but must be less than `high`, which is {high}");
                    let finding = Finding::new(path(&low_key), Mark::Value, message);
                    findings.add(finding.label("not less than high").also(&high_key, "high"));
                }
            }
        }
    }
}

impl From<&Training> for Section {
    fn from(training: &Training) -> Self {
        let (mut epochs, mut steps, mut images) = (None, None, None);
        match training.length {
            Length::Epochs(given) => epochs = Some(given as i64),
            Length::Steps(given) => steps = Some(given as i64),
            Length::Images(given) => images = Some(given as i64),
        }
        let player = |own: Option<Initialization>| Some(Player { initialization: Some(own?) });
        Self {
            epochs,
            steps,
            images,
            batch_size: training.batch_size as i64,
            device: training.device,
            checkpoint_every: training.checkpoint_every.map(|every| every as i64),
            initialization: training.initialization,
            ema: training.ema.map(EmaSection::from),
            early_stop: training.early_stop.as_ref().map(early_stop::Section::from),
            convolution: training.convolution,
            generator: player(training.generator_initialization),
            discriminator: player(training.discriminator_initialization),
        }
    }
}
