//! What the regularizer adds to the discriminator's gradients and does to its weights.

use super::{Gan, Lesson};
use crate::learner::optimizer::Gradient;
use crate::learner::penalty::{examples_at, penalty_at};
use crate::learner::players::labelled;
use crate::learner::{Diverged, Losses, Optimizer, values};
use crate::nn::{Compute, Pass};
use crate::objective::penalty::Points;
use dfdx::shapes::HasShape;

impl<Dev: Compute> Gan<Dev> {
    /// The gradients of the loss with what the regularizer makes of them; what it costs and their norm go to the losses.
    pub(super) fn regularized(
        &mut self,
        mut gradients: Vec<Gradient<Dev>>,
        losses: Losses,
        lesson: &Lesson<'_, Dev>,
    ) -> Result<(Vec<Gradient<Dev>>, Losses), Diverged> {
        let mut d_penalty = 0.0;
        if let Some(penalty) = self.penalty.clone() {
            let fake = || values(lesson.fakes);
            for &points in penalty.points() {
                let mut generator = self.places.at(2 * lesson.index);
                let examples =
                    examples_at(points, lesson.real, fake, self.players.settings.batch_size, &mut generator);
                let x = self.players.device.tensor_from_vec(examples, *lesson.fakes.shape());
                let pass = labelled(self.pass_at(points, lesson.index), lesson.labels);
                let (value, mut of_penalty) =
                    penalty_at(&*penalty, &mut *self.players.discriminator, &x, &pass);
                d_penalty += Diverged::check("the penalty on the discriminator's gradient", value)?;
                let of_penalty = Optimizer::take(&mut *self.players.discriminator, &mut of_penalty);
                for (sum, gradient) in gradients.iter_mut().zip(&of_penalty) {
                    Dev::update(sum, gradient, &mut [], &mut |sum, gradient, _| {
                        sum.iter_mut().zip(gradient).for_each(|(sum, gradient)| *sum += gradient);
                    });
                }
            }
        }
        if let Some(constraint) = &self.constraint {
            constraint.pull_back(&mut *self.players.discriminator, &mut gradients);
        }
        let d_gradient_norm = self.players.discriminator_optimizer.norm(&gradients)?;
        Ok((gradients, Losses { d_penalty, d_gradient_norm, ..losses }))
    }

    /// The pass over the examples that a penalty is taken at: those that the loss sees too are seen with the same masks.
    fn pass_at(&self, points: Points, index: u64) -> Pass {
        match points {
            Points::Real => self.players.pass(self.players.keys(index).examples),
            Points::Fake => self.players.pass_over_fakes(self.players.keys(index)),
            Points::Between | Points::Around => self.players.pass(self.places.key(2 * index + 1)),
        }
    }

    /// One step of the discriminator's optimizer, between what the constraint does before and after.
    pub(super) fn move_discriminator(&mut self, gradients: &[Gradient<Dev>]) {
        let network = &mut *self.players.discriminator;
        if let Some(constraint) = &mut self.constraint {
            constraint.before_step(network);
        }
        self.players.discriminator_optimizer.step(network, gradients);
        if let Some(constraint) = &mut self.constraint {
            constraint.after_step(network);
        }
    }
}
