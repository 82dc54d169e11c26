//! Which learner a family is trained by, and which keys say nothing to it.

use figment::value::Dict;

use super::architecture::Family;
use super::check::Findings;
use super::key::{self, path};
use super::layers::Tree;
use super::networks;
use super::source::Kind;

/// What a training step updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learner {
    /// A generator and a discriminator.
    Gan,
    /// A generator, and an autoencoder as its discriminator (Berthelot et al. 2017).
    Began,
    /// An encoder and a decoder (Kingma and Welling 2014).
    Vae,
    /// A network that names an example's class.
    Classifier,
}

impl Learner {
    /// The learner in a reader's words.
    fn plural(self) -> &'static str {
        match self {
            Self::Gan => "GANs",
            Self::Began => "BEGANs",
            Self::Vae => "VAEs",
            Self::Classifier => "classifiers",
        }
    }

    /// Whether it draws examples of its own.
    pub fn draws(self) -> bool {
        match self {
            Self::Gan | Self::Began | Self::Vae => true,
            Self::Classifier => false,
        }
    }
}

impl Family {
    /// What trains it.
    pub fn learner(self) -> Learner {
        match self {
            Self::SlantedFaces
            | Self::Mlp
            | Self::Goodfellow
            | Self::Dcgan
            | Self::Infogan
            | Self::Sngan
            | Self::ConditionalDcgan
            | Self::Custom => Learner::Gan,
            Self::Began => Learner::Began,
            Self::Vae => Learner::Vae,
            Self::Classifier => Learner::Classifier,
        }
    }
}

/// The keys that say something to some learners only.
const OWNERS: &[(&str, &[Learner])] = &[
    ("architecture.latent_dim", DRAW),
    ("architecture.latent", PLAYERS),
    ("objective.loss", &[Learner::Gan]),
    ("objective.regularizer", &[Learner::Gan]),
    ("objective.label_smoothing", &[Learner::Gan]),
    ("objective.targets", &[Learner::Gan]),
    ("objective.update", PLAYERS),
    ("objective.discriminator_steps", PLAYERS),
    ("objective.gamma", &[Learner::Began]),
    ("objective.lambda_k", &[Learner::Began]),
    ("objective.likelihood", &[Learner::Vae]),
    ("objective.beta", &[Learner::Vae]),
    ("optimizer.generator", PLAYERS),
    ("optimizer.discriminator", PLAYERS),
    ("training.generator", PLAYERS),
    ("training.discriminator", PLAYERS),
    ("evaluation", DRAW),
];

/// Those that draw from latent vectors.
const DRAW: &[Learner] = &[Learner::Gan, Learner::Began, Learner::Vae];

/// Those with two players.
const PLAYERS: &[Learner] = &[Learner::Gan, Learner::Began];

/// Whether the dotted key says something to the learner.
pub(super) fn has(learner: Learner, key: &str) -> bool {
    OWNERS.iter().all(|(owned, owners)| *owned != key || owners.contains(&learner))
}

/// Notes the keys that the user gave and the family's learner has no use for.
pub(super) fn check(family: Family, tree: &Tree, merged: &Dict, findings: &mut Findings) {
    let learner = family.learner();
    for (key, owners) in OWNERS.iter().filter(|(_, owners)| !owners.contains(&learner)) {
        let at = path(key);
        let is_default = || tree.spot(merged, &at).is_some_and(|spot| spot.key.source.kind == Kind::Default);
        if key::find(merged, &at).is_some() && !is_default() {
            let owners: Vec<&str> = owners.iter().map(|owner| owner.plural()).collect();
            let word = networks::word(family);
            let owners = match owners.as_slice() {
                [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
                _ => owners.concat(),
            };
            match (learner, key.strip_prefix("objective.")) {
                (Learner::Began, Some("loss" | "regularizer" | "label_smoothing" | "targets")) => {
                    let help = "remove it: a BEGAN's discriminator gives an example, not a logit, and its loss is how far off it is";
                    findings.does_not_belong_because(key, &owners, ("architecture.family", word), help);
                }
                _ => findings.does_not_belong(key, &owners, "architecture.family", word),
            }
        }
    }
}
