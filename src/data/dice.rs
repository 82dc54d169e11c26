//! Random choices for one drawn example.

use rand::RngCore;

/// Draws proportions and choices from one example's generator.
///
/// Numbers are made here from the top bits of 32-bit words, rather than by `rand`'s distributions, whose results may
/// change with its version, or by the platform's mathematics library: these numbers define data sets.
pub(super) struct Dice<'a> {
    generator: &'a mut dyn RngCore,
}

impl<'a> Dice<'a> {
    pub(super) fn new(generator: &'a mut dyn RngCore) -> Self {
        Self { generator }
    }

    pub(super) fn bits(&mut self) -> u32 {
        self.generator.next_u32()
    }

    /// Uniform in [0, 1), a multiple of 2⁻²⁴.
    fn unit(&mut self) -> f32 {
        (self.bits() >> 8) as f32 / (1 << 24) as f32
    }

    /// Uniform in [low, high).
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Uniform in 0..count.
    pub(super) fn below(&mut self, count: u32) -> u32 {
        ((u64::from(self.bits()) * u64::from(count)) >> 32) as u32
    }

    /// True with the given probability.
    pub(super) fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// Two independent standard normal numbers (Box and Muller 1958).
    pub(super) fn normal_pair(&mut self) -> [f64; 2] {
        let unit = |bits: u32| (f64::from(bits) + 0.5) / 4_294_967_296.0;
        let radius = libm::sqrt(-2.0 * libm::log(unit(self.bits())));
        let angle = 2.0 * std::f64::consts::PI * unit(self.bits());
        [radius * libm::cos(angle), radius * libm::sin(angle)]
    }
}
