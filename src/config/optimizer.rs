//! `[optimizer]`: how both players step, with `[optimizer.generator]` and `[optimizer.discriminator]` overriding
//! single keys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Bounds, Findings};
use super::words;

/// The two players' optimizers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Optimizers {
    /// The generator's.
    pub generator: Optimizer,
    /// The discriminator's.
    pub discriminator: Optimizer,
}

/// One optimizer, in Keras's formulation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Optimizer {
    /// The step's size, greater than 0 and at most 10; default 1e-4.
    pub learning_rate: f64,
    /// The rule, with its parameters.
    pub method: Method,
}

/// The update rules.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// Adam (Kingma and Ba 2015).
    Adam {
        /// Decay of the first moment, in [0, 1); default 0.9.
        beta1: f64,
        /// Decay of the second moment, in [0, 1); default 0.999.
        beta2: f64,
        /// Added to the root of the second moment, greater than 0 and at most 1; default 1e-7.
        epsilon: f64,
    },
    /// RMSProp (Tieleman and Hinton 2012).
    RmsProp {
        /// Decay of the second moment, in [0, 1); default 0.9.
        rho: f64,
        /// In [0, 1); default 0.
        momentum: f64,
        /// Added to the second moment, greater than 0 and at most 1; default 1e-7.
        epsilon: f64,
    },
    /// Stochastic gradient descent.
    Sgd {
        /// In [0, 1); default 0.
        momentum: f64,
    },
}

/// The words of `optimizer.name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Word {
    /// Adam (Kingma and Ba 2015).
    Adam,
    /// RMSProp (Tieleman and Hinton 2012).
    Rmsprop,
    /// Stochastic gradient descent.
    Sgd,
}

impl Word {
    fn as_str(self) -> &'static str {
        match self {
            Self::Adam => "adam",
            Self::Rmsprop => "rmsprop",
            Self::Sgd => "sgd",
        }
    }

    fn has(self, key: &str) -> bool {
        OWNERS.iter().any(|(owned, owners)| *owned == key && owners.contains(&self.as_str()))
    }
}

/// The keys that not every optimizer has, and those that have them.
pub(super) const OWNERS: &[(&str, &[&str])] = &[
    ("betas", &["adam"]),
    ("epsilon", &["adam", "rmsprop"]),
    ("rho", &["rmsprop"]),
    ("momentum", &["rmsprop", "sgd"]),
];

/// How both players step.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    /// The update rule, in Keras's formulation.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Word>,
    /// The step's size.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 10))]
    learning_rate: Option<f64>,
    /// Decay of the first and of the second moment; default [0.9, 0.999].
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("items" = { "type": "number", "minimum": 0, "exclusiveMaximum": 1 }))]
    betas: Option<[f64; 2]>,
    /// Decay of the second moment; default 0.9.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
    rho: Option<f64>,
    /// Momentum; default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
    momentum: Option<f64>,
    /// Keeps the division by the second moment finite; default 1e-7.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
    epsilon: Option<f64>,
    /// Overrides single keys for the generator.
    #[serde(skip_serializing_if = "Option::is_none")]
    generator: Option<Player>,
    /// Overrides single keys for the discriminator.
    #[serde(skip_serializing_if = "Option::is_none")]
    discriminator: Option<Player>,
}

/// Overrides single keys for one player.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Player {
    /// The update rule, in Keras's formulation.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Word>,
    /// The step's size.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 10))]
    learning_rate: Option<f64>,
    /// Decay of the first and of the second moment; default [0.9, 0.999].
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("items" = { "type": "number", "minimum": 0, "exclusiveMaximum": 1 }))]
    betas: Option<[f64; 2]>,
    /// Decay of the second moment; default 0.9.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
    rho: Option<f64>,
    /// Momentum; default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0, "exclusiveMaximum" = 1))]
    momentum: Option<f64>,
    /// Keeps the division by the second moment finite; default 1e-7.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1))]
    epsilon: Option<f64>,
}

impl Player {
    /// The keys given here that only some optimizers have.
    fn given(&self) -> impl Iterator<Item = &'static str> {
        let given = [
            ("betas", self.betas.is_some()),
            ("rho", self.rho.is_some()),
            ("momentum", self.momentum.is_some()),
            ("epsilon", self.epsilon.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(key, _)| key)
    }

    /// Checks the ranges of what is given here, and that it belongs to one of `users`.
    fn check(&self, section: &str, choice_key: &str, users: &[Word], findings: &mut Findings) {
        for key in self.given() {
            if !users.iter().any(|user| user.has(key)) {
                let owners =
                    OWNERS.iter().find(|(owned, _)| *owned == key).map_or(&[][..], |(_, owners)| *owners);
                let key = format!("{section}.{key}");
                findings.does_not_belong(&key, &words::list(owners), choice_key, users[0].as_str());
            }
        }
        let mut number = |key: &str, value: Option<f64>, bounds: Bounds| {
            if let Some(value) = value {
                findings.number(&format!("{section}.{key}"), value, bounds);
            }
        };
        number("learning_rate", self.learning_rate, Bounds::Above(0.0, 10.0));
        number("betas.0", self.betas.map(|betas| betas[0]), Bounds::Below(0.0, 1.0));
        number("betas.1", self.betas.map(|betas| betas[1]), Bounds::Below(0.0, 1.0));
        number("rho", self.rho, Bounds::Below(0.0, 1.0));
        number("momentum", self.momentum, Bounds::Below(0.0, 1.0));
        number("epsilon", self.epsilon, Bounds::Above(0.0, 1.0));
    }

    /// The complete optimizer: what is given here, else in `shared`, else the default.
    fn over(&self, shared: &Self) -> Optimizer {
        let word = self.name.or(shared.name).unwrap_or(Word::Adam);
        let [beta1, beta2] = self.betas.or(shared.betas).unwrap_or([0.9, 0.999]);
        let epsilon = self.epsilon.or(shared.epsilon).unwrap_or(1e-7);
        let rho = self.rho.or(shared.rho).unwrap_or(0.9);
        let momentum = self.momentum.or(shared.momentum).unwrap_or(0.0);
        Optimizer {
            learning_rate: self.learning_rate.or(shared.learning_rate).unwrap_or(1e-4),
            method: match word {
                Word::Adam => Method::Adam { beta1, beta2, epsilon },
                Word::Rmsprop => Method::RmsProp { rho, momentum, epsilon },
                Word::Sgd => Method::Sgd { momentum },
            },
        }
    }
}

impl Section {
    /// The checked optimizers; what is wrong goes to `findings`.
    pub(super) fn resolve(self, findings: &mut Findings) -> Optimizers {
        let shared = Player {
            name: self.name,
            learning_rate: self.learning_rate,
            betas: self.betas,
            rho: self.rho,
            momentum: self.momentum,
            epsilon: self.epsilon,
        };
        let common = self.name.unwrap_or(Word::Adam);
        let generator = self.generator.unwrap_or_default();
        let discriminator = self.discriminator.unwrap_or_default();
        let players = [("generator", &generator), ("discriminator", &discriminator)];
        let users = players.map(|(_, player)| player.name.unwrap_or(common));
        shared.check("optimizer", "optimizer.name", &[&[common], &users[..]].concat(), findings);
        for ((name, player), word) in players.into_iter().zip(users) {
            let section = format!("optimizer.{name}");
            let choice =
                if player.name.is_some() { format!("{section}.name") } else { "optimizer.name".to_owned() };
            player.check(&section, &choice, &[word], findings);
        }
        Optimizers { generator: generator.over(&shared), discriminator: discriminator.over(&shared) }
    }
}

impl From<&Optimizer> for Player {
    fn from(optimizer: &Optimizer) -> Self {
        let mut player = Self { learning_rate: Some(optimizer.learning_rate), ..Self::default() };
        match optimizer.method {
            Method::Adam { beta1, beta2, epsilon } => {
                player.name = Some(Word::Adam);
                (player.betas, player.epsilon) = (Some([beta1, beta2]), Some(epsilon));
            }
            Method::RmsProp { rho, momentum, epsilon } => {
                player.name = Some(Word::Rmsprop);
                (player.rho, player.momentum, player.epsilon) = (Some(rho), Some(momentum), Some(epsilon));
            }
            Method::Sgd { momentum } => {
                player.name = Some(Word::Sgd);
                player.momentum = Some(momentum);
            }
        }
        player
    }
}

impl From<&Optimizers> for Section {
    fn from(optimizers: &Optimizers) -> Self {
        let generator = Player::from(&optimizers.generator);
        let discriminator = Player::from(&optimizers.discriminator);
        if optimizers.generator == optimizers.discriminator {
            let Player { name, learning_rate, betas, rho, momentum, epsilon } = generator;
            return Self { name, learning_rate, betas, rho, momentum, epsilon, ..Self::default() };
        }
        Self { generator: Some(generator), discriminator: Some(discriminator), ..Self::default() }
    }
}
