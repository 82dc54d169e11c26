//! Cloth and leather: a tone, a pattern, a grain, and light falling on it.

use crate::data::dice::Dice;

/// What is printed on or woven into the cloth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pattern {
    Plain,
    /// Bands `period` pixels apart, the second tone taking `share` of each.
    Stripes {
        period: f32,
        share: f32,
        upright: bool,
    },
    /// Crossing bands.
    Check {
        period: f32,
    },
    /// Leaves and flowers, or camouflage: patches about `size` pixels wide.
    Patches {
        size: f32,
        share: f32,
    },
    Dots {
        period: f32,
    },
    /// The second tone above the line y = `level`.
    Block {
        level: f32,
    },
    /// From the first tone at the top to the second at the bottom.
    Fade,
}

/// The surface of one garment; tones in [0, 1].
#[derive(Clone, Debug)]
pub(super) struct Fabric {
    pub(super) tone: f32,
    pub(super) second: f32,
    pub(super) pattern: Pattern,
    phase: (f32, f32),
    grain: f32,
    folds: f32,
    /// Light from one side, relative change of brightness per pixel.
    slope: f32,
    /// How much darker the flanks are than the middle.
    roundness: f32,
    key: u32,
}

impl Fabric {
    /// Mostly bright cloth, sometimes dark, as in Fashion-MNIST.
    pub(super) fn draw(dice: &mut Dice, pattern: Pattern) -> Self {
        let tone = match dice.below(20) {
            0..=12 => dice.between(0.72, 1.0),
            13..=16 => dice.between(0.5, 0.72),
            _ => dice.between(0.28, 0.5),
        };
        let apart = dice.between(0.25, 0.55);
        let second = if tone > 0.55 { (tone - apart).max(0.08) } else { tone + apart };
        Self {
            tone,
            second,
            pattern,
            phase: (dice.between(0.0, 8.0), dice.between(0.0, 8.0)),
            grain: if dice.chance(0.12) { dice.between(0.06, 0.12) } else { dice.between(0.005, 0.035) },
            folds: dice.between(0.04, 0.15),
            slope: dice.between(-0.006, 0.006),
            roundness: dice.between(0.04, 0.2),
            key: dice.bits(),
        }
    }

    /// A tone that stands out from the cloth by `amount`: darker on bright cloth, brighter on dark.
    pub(super) fn contrast(&self, amount: f32) -> f32 {
        if self.tone > 0.5 { (self.tone - amount).max(0.05) } else { (self.tone + amount).min(1.0) }
    }

    /// The same cloth, plain: for collars, cuffs and straps.
    pub(super) fn plain(&self, tone: f32) -> Self {
        Self { tone, pattern: Pattern::Plain, ..self.clone() }
    }

    /// Brightness at a point, before clamping.
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        let mix = self.mix(x, y);
        let tone = self.tone + (self.second - self.tone) * mix;
        let across = (x - 14.0) / 14.0;
        let light = 1.0 + self.slope * (x - 14.0) - self.roundness * across * across;
        let fold = smooth_noise(self.key ^ 0x51ED, x * 0.32 + self.phase.0, y * 0.17 + self.phase.1) - 0.5;
        let grain = speckle(self.key, x as u32, y as u32) - 0.5;
        tone * light * (1.0 + 2.0 * self.folds * fold + 2.0 * self.grain * grain)
    }

    /// The share of the second tone at a point.
    fn mix(&self, x: f32, y: f32) -> f32 {
        let (u, v) = (x + self.phase.0, y + self.phase.1);
        match self.pattern {
            Pattern::Plain => 0.0,
            Pattern::Stripes { period, share, upright } => band(if upright { u } else { v }, period, share),
            Pattern::Check { period } => 0.5 * (band(u, period, 0.5) + band(v, period, 0.5)),
            Pattern::Patches { size, share } => {
                let noise = smooth_noise(self.key, u / size, v / size);
                step(noise - (1.0 - share), 0.2)
            }
            Pattern::Dots { period } => {
                let row = (v / period).floor();
                let shift = if row as i32 % 2 == 0 { 0.0 } else { 0.5 * period };
                let centred = |t: f32| t - period * (t / period).floor() - 0.5 * period;
                let (dx, dy) = (centred(u + shift), centred(v));
                step(0.3 * period - (dx * dx + dy * dy).sqrt(), 0.5)
            }
            Pattern::Block { level } => step(level - y, 0.5),
            Pattern::Fade => (y / 28.0).clamp(0.0, 1.0),
        }
    }
}

/// 1 within a band that takes `share` of each `period`, 0 outside, with edges a pixel wide.
fn band(t: f32, period: f32, share: f32) -> f32 {
    let within = t - period * (t / period).floor();
    let middle = 0.5 * share * period;
    step(middle - (within - middle).abs().min(period - within + middle), 0.5)
}

/// 0 below −`edge`, 1 above `edge`, a straight ramp between.
fn step(t: f32, edge: f32) -> f32 {
    (0.5 + 0.5 * t / edge).clamp(0.0, 1.0)
}

/// A hash of a lattice point in [0, 1); the mixing constants are those of the 32-bit MurmurHash3 finaliser.
fn speckle(key: u32, x: u32, y: u32) -> f32 {
    let mut h = key ^ x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77);
    h = (h ^ (h >> 16)).wrapping_mul(0x85EB_CA6B);
    h = (h ^ (h >> 13)).wrapping_mul(0xC2B2_AE35);
    ((h ^ (h >> 16)) >> 8) as f32 / (1 << 24) as f32
}

/// Value noise in [0, 1] with a period of one lattice cell.
fn smooth_noise(key: u32, x: f32, y: f32) -> f32 {
    let (x0, y0) = (x.floor(), y.floor());
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (u, v) = (ease(x - x0), ease(y - y0));
    let corner = |dx: u32, dy: u32| {
        speckle(key, (x0 as i32 as u32).wrapping_add(dx), (y0 as i32 as u32).wrapping_add(dy))
    };
    let top = corner(0, 0) + (corner(1, 0) - corner(0, 0)) * u;
    let bottom = corner(0, 1) + (corner(1, 1) - corner(0, 1)) * u;
    top + (bottom - top) * v
}
