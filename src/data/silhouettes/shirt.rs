//! Shirts with a collar and buttons.

use super::canvas::{Canvas, Mode, on_side};
use super::fabric::{Fabric, Pattern};
use super::top::{Cut, Sleeve, body, edges, long_sleeved};
use crate::data::dice::Dice;

pub(super) fn shirt(canvas: &mut Canvas, dice: &mut Dice) {
    let pattern = match dice.below(14) {
        0..=6 => Pattern::Plain,
        7..=9 => Pattern::Check { period: dice.between(3.0, 5.0) },
        10 | 11 => {
            Pattern::Stripes { period: dice.between(2.4, 3.6), share: dice.between(0.3, 0.5), upright: true }
        }
        12 => Pattern::Patches { size: dice.between(1.4, 2.4), share: dice.between(0.3, 0.5) },
        _ => Pattern::Dots { period: dice.between(3.0, 4.0) },
    };
    let fabric = Fabric::draw(dice, pattern);
    let mut cut = long_sleeved(dice);
    cut.neck = dice.between(2.2, 2.9);
    cut.neck_depth = dice.between(1.0, 2.0);
    cut.hem_curve = dice.between(0.6, 2.0);
    cut.hem_at = 25.4;
    cut.waist = cut.chest - dice.between(0.2, 1.1);
    if dice.chance(0.35) {
        cut.shoulder += 0.6;
        cut.sleeve = Sleeve::Short {
            reach: dice.between(10.8, 12.4),
            end: dice.between(10.0, 12.0),
            width: dice.between(3.0, 3.8),
        };
    }
    body(canvas, &cut, &fabric, dice);
    edges(canvas, &cut, fabric.contrast(0.2), 1.4, dice.between(0.2, 0.6));

    placket(canvas, &cut, &fabric, dice);
    collar(canvas, &cut, &fabric, dice);
    pockets(canvas, &fabric, dice);
}

/// The strip of buttons down the front.
fn placket(canvas: &mut Canvas, cut: &Cut, fabric: &Fabric, dice: &mut Dice) {
    let (start, line) = (cut.top + 2.6, fabric.tone * 0.5);
    let strip = [(13.1, start, 0.0), (14.9, start, 0.0), (14.9, 28.0, 0.0), (13.1, 28.0, 0.0)];
    canvas.tint(&strip, fabric.tone, 0.75);
    canvas.line(&[(12.8, start), (12.8, 28.0)], 0.7, line, 0.7);
    let spot = fabric.contrast(0.6);
    let gap = dice.between(2.7, 3.6);
    let mut y = cut.top + 5.0;
    while y < cut.hem_at {
        canvas.line(&[(14.2, y), (14.2, y + 0.1)], 1.0, spot, 0.9);
        y += gap;
    }
}

/// None, one or two, on the chest.
fn pockets(canvas: &mut Canvas, fabric: &Fabric, dice: &mut Dice) {
    let line = fabric.tone * 0.5;
    let pockets: &[f32] = match dice.below(5) {
        0 | 1 => &[],
        2 | 3 => &[3.2],
        _ => &[-3.2, 3.2],
    };
    for x in pockets {
        let pocket = [(12.8 + x, 10.0), (15.2 + x, 10.0), (15.2 + x, 13.0), (12.8 + x, 13.0)];
        canvas.line(&[pocket[0], pocket[3], pocket[2], pocket[1]], 0.6, line, 0.6);
        canvas.line(&pocket[..2], 0.9, line, 0.7);
    }
}

/// Two pointed flaps that meet at the throat.
fn collar(canvas: &mut Canvas, cut: &Cut, fabric: &Fabric, dice: &mut Dice) {
    let (point, cloth) = (dice.between(3.6, 5.0), fabric.plain((fabric.tone * 1.1).min(1.0)));
    for side in [-1.0, 1.0] {
        let flap = on_side(
            side,
            [
                (14.0 + cut.neck * 0.7, cut.top - 1.0, 0.3),
                (14.0 + cut.neck + 0.9, cut.top + 0.6, 0.2),
                (14.0 + cut.neck + 0.1, cut.top + point, 0.0),
                (14.1, cut.top + 2.2, 0.1),
            ],
        );
        canvas.fill(Mode::Over, &flap, |x, y| cloth.at(x, y));
        let edge = [flap[1], flap[2], flap[3]].map(|(x, y, _)| (x, y));
        canvas.line(&edge, 0.7, fabric.tone * 0.4, 0.8);
    }
}
