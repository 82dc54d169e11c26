//! `[optimizer]`: how both players step, with `[optimizer.generator]` and `[optimizer.discriminator]` overriding
//! single keys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Bounds, Finding, Findings, Mark};
use super::key::path;
use super::words;

mod schedule;

pub use schedule::{Curve, Over, Ramp, Schedule};
use schedule::{MomentumWord, RateWord};

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
    /// How the learning rate moves.
    pub schedule: Schedule,
    /// The learning rate of the first W updates is (t + 1) / W of `learning_rate`, t from 0, and only then the schedule begins; 0 to
    /// 1,000,000,000, default 0.
    pub warm_up: u64,
    /// How the method's momentum moves, or for Adam its beta2, from its value there; `None` where it stays. The bias correction of
    /// Adam takes the value of the update for that of all before it, as PyTorch does when its `betas` are changed.
    pub momentum_schedule: Option<Ramp>,
    /// The longest that a network's whole gradient may be: one with a larger L2 norm n is multiplied by clip_norm / n (Pascanu et al. 2013,
    /// algorithm 1). Greater than 0 and at most 1e9; `None` for no limit.
    pub clip_norm: Option<f64>,
}

/// Adam's `betas` where nobody gives them.
pub(super) const BETAS: [f64; 2] = [0.9, 0.999];

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
    ("momentum_schedule", &["rmsprop", "sgd"]),
    ("beta2_schedule", &["adam"]),
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
    /// How the learning rate moves; constant where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<RateWord>,
    /// Updates over which the learning rate rises from 0 in a straight line, before its schedule begins; default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    warm_up: Option<i64>,
    /// How the momentum moves from the value of `momentum`; constant where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    momentum_schedule: Option<MomentumWord>,
    /// How the second of the `betas` moves from its value there; constant where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    beta2_schedule: Option<MomentumWord>,
    /// The largest L2 norm of a network's whole gradient: a longer one is shortened to it. The logged norm is that before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1e9))]
    clip_norm: Option<f64>,
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
    /// How the learning rate moves; constant where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<RateWord>,
    /// Updates over which the learning rate rises from 0 in a straight line, before its schedule begins; default 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    warm_up: Option<i64>,
    /// How the momentum moves from the value of `momentum`; constant where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    momentum_schedule: Option<MomentumWord>,
    /// How the second of the `betas` moves from its value there; constant where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    beta2_schedule: Option<MomentumWord>,
    /// The largest L2 norm of a network's whole gradient: a longer one is shortened to it. The logged norm is that before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1e9))]
    clip_norm: Option<f64>,
}

impl Player {
    /// The keys given here that only some optimizers have.
    fn given(&self) -> impl Iterator<Item = &'static str> {
        let given = [
            ("betas", self.betas.is_some()),
            ("rho", self.rho.is_some()),
            ("momentum", self.momentum.is_some()),
            ("epsilon", self.epsilon.is_some()),
            ("momentum_schedule", self.momentum_schedule.is_some()),
            ("beta2_schedule", self.beta2_schedule.is_some()),
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
        number("clip_norm", self.clip_norm, Bounds::Above(0.0, 1e9));
        if let Some(warm_up) = self.warm_up {
            findings.whole(&format!("{section}.warm_up"), warm_up, 0..=1_000_000_000, "updates");
        }
        if let Some(schedule) = self.schedule {
            schedule.check(&format!("{section}.schedule"), findings);
        }
        for (key, schedule) in
            [("momentum_schedule", self.momentum_schedule), ("beta2_schedule", self.beta2_schedule)]
        {
            if let Some(schedule) = schedule {
                schedule.check(&format!("{section}.{key}"), findings);
            }
        }
    }

    /// The complete optimizer: what is given here, else in `shared`, else the default.
    fn over(&self, shared: &Self) -> Optimizer {
        let word = self.name.or(shared.name).unwrap_or(Word::Adam);
        let [beta1, beta2] = self.betas.or(shared.betas).unwrap_or(BETAS);
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
            schedule: self.schedule.or(shared.schedule).map(Schedule::from).unwrap_or_default(),
            warm_up: self.warm_up.or(shared.warm_up).map_or(0, i64::unsigned_abs),
            momentum_schedule: match word {
                Word::Adam => self.beta2_schedule.or(shared.beta2_schedule),
                Word::Rmsprop | Word::Sgd => self.momentum_schedule.or(shared.momentum_schedule),
            }
            .and_then(MomentumWord::ramp),
            clip_norm: self.clip_norm.or(shared.clip_norm),
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
            schedule: self.schedule,
            warm_up: self.warm_up,
            momentum_schedule: self.momentum_schedule,
            beta2_schedule: self.beta2_schedule,
            clip_norm: self.clip_norm,
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
        let optimizers =
            Optimizers { generator: generator.over(&shared), discriminator: discriminator.over(&shared) };
        for (name, player, optimizer) in [
            ("generator", &generator, &optimizers.generator),
            ("discriminator", &discriminator, &optimizers.discriminator),
        ] {
            let place = |own: bool| if own { format!("optimizer.{name}") } else { "optimizer".to_owned() };
            let (schedule, rate) = (place(player.schedule.is_some()), place(player.learning_rate.is_some()));
            check_floor(optimizer, &schedule, &rate, findings);
        }
        optimizers
    }
}

/// A learning rate that begins below its floor would never move.
fn check_floor(optimizer: &Optimizer, schedule: &str, rate: &str, findings: &mut Findings) {
    let Schedule::Exponential { floor, .. } = optimizer.schedule else {
        return;
    };
    if floor > optimizer.learning_rate {
        let (at, rate) = (format!("{schedule}.schedule.exponential.floor"), format!("{rate}.learning_rate"));
        let message = format!("`{at}` is {floor}, but `{rate}` is only {}", optimizer.learning_rate);
        let finding = Finding::new(path(&at), Mark::Value, message).label("above the learning rate");
        findings.add(finding.also(&rate, "where it begins"));
    }
}

impl From<&Optimizer> for Player {
    fn from(optimizer: &Optimizer) -> Self {
        let mut player = Self {
            learning_rate: Some(optimizer.learning_rate),
            // What is constant is left out, so that older experiments keep their text and its hash.
            schedule: Some(optimizer.schedule)
                .filter(|schedule| *schedule != Schedule::Constant)
                .map(RateWord::from),
            warm_up: Some(optimizer.warm_up as i64).filter(|updates| *updates > 0),
            clip_norm: optimizer.clip_norm,
            ..Self::default()
        };
        let ramp = optimizer.momentum_schedule.map(MomentumWord::from);
        match optimizer.method {
            Method::Adam { .. } => player.beta2_schedule = ramp,
            Method::RmsProp { .. } | Method::Sgd { .. } => player.momentum_schedule = ramp,
        }
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
            return Self::shared(generator);
        }
        Self { generator: Some(generator), discriminator: Some(discriminator), ..Self::default() }
    }
}

impl Section {
    /// The section of players who share every key.
    fn shared(player: Player) -> Self {
        let Player {
            name,
            learning_rate,
            betas,
            rho,
            momentum,
            epsilon,
            schedule,
            warm_up,
            momentum_schedule,
            beta2_schedule,
            clip_norm,
        } = player;
        Self {
            name,
            learning_rate,
            betas,
            rho,
            momentum,
            epsilon,
            schedule,
            warm_up,
            momentum_schedule,
            beta2_schedule,
            clip_norm,
            generator: None,
            discriminator: None,
        }
    }
}
