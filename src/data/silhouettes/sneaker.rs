//! Sneakers, seen from the side with the toe to the left, as in Fashion-MNIST.

use super::canvas::{Canvas, Mode, Point, curve};
use super::fabric::{Fabric, Pattern};
use crate::data::dice::Dice;

pub(super) fn sneaker(canvas: &mut Canvas, dice: &mut Dice) {
    let pattern = match dice.below(16) {
        0..=13 => Pattern::Plain,
        14 => Pattern::Patches { size: dice.between(1.2, 2.4), share: 0.45 },
        _ => Pattern::Check { period: dice.between(2.4, 3.6) },
    };
    let fabric = Fabric::draw(dice, pattern);
    let high = if dice.chance(0.2) { dice.between(3.5, 6.0) } else { 0.0 };
    let ground = dice.between(20.8, 22.0) + 0.4 * high;
    let sole = dice.between(1.4, 2.6);
    let (top, tongue) = (ground - dice.between(10.6, 12.6) - high, dice.between(0.4, 1.8));
    let toe = ground - sole - dice.between(2.2, 3.2);
    let instep = ground - dice.between(8.6, 9.8) - 0.4 * high;
    let upper = [
        (1.2, ground - sole + 0.4, 0.3),
        (1.0, toe, 0.9),
        (6.0, toe - 1.4, 0.9),
        (11.0, instep, 0.6),
        (15.6, top - tongue, 0.5),
        (18.2, top - 0.4, 0.3),
        (21.0, top + 2.2 - 0.35 * high, 0.9),
        (25.4, top + 0.2 - 0.1 * high, 0.5),
        (26.0, top + 4.4, 0.8),
        (26.6, ground - sole + 0.4, 0.3),
    ];
    canvas.fill(Mode::Over, &upper, |x, y| fabric.at(x, y));

    let seam = leather(canvas, &fabric, (toe, top, ground), dice);
    canvas.line(
        &curve((10.8, instep + 1.0), (11.5, ground - sole - 1.5), (17.0, ground - sole)),
        0.6,
        seam,
        0.6,
    );
    side_mark(canvas, &fabric, instep, ground - sole, dice);
    laces(canvas, &fabric, (8.6, instep + 0.8), (16.0, top + 0.6), dice);
    let collar = curve((18.6, top + 0.6), (21.4, top + 4.0 - 0.7 * high), (25.4, top + 0.8 - 0.1 * high));
    canvas.stroke(Mode::Inside, &collar, (1.2, 1.4), fabric.tone * 0.35, dice.between(0.5, 0.95));

    rubber(canvas, &fabric, ground, sole, dice);
}

/// Toe cap and heel counter: parts in other tones; gives the tone of the seams.
fn leather(
    canvas: &mut Canvas,
    fabric: &Fabric,
    (toe, top, ground): (f32, f32, f32),
    dice: &mut Dice,
) -> f32 {
    let (part, seam) = (fabric.contrast(dice.between(0.08, 0.45)), fabric.tone * 0.45);
    if dice.chance(0.6) {
        let cap = [
            (0.0, 28.0, 0.0),
            (0.0, toe - 3.0, 0.0),
            (4.6, toe - 2.0, 0.3),
            (6.4, ground, 0.8),
            (6.4, 28.0, 0.0),
        ];
        canvas.tint(&cap, part, 0.8);
    }
    if dice.chance(0.55) {
        let counter = [
            (28.0, top - 3.0, 0.0),
            (28.0, 28.0, 0.0),
            (20.5, 28.0, 0.0),
            (21.8, top + 5.2, 0.9),
            (24.4, top - 2.0, 0.2),
        ];
        canvas.tint(&counter, if dice.chance(0.5) { part } else { seam }, 0.75);
    }
    seam
}

/// The sole, `sole` pixels thick, with its edge on the ground.
fn rubber(canvas: &mut Canvas, fabric: &Fabric, ground: f32, sole: f32, dice: &mut Dice) {
    let sole_tone =
        if dice.chance(0.6) { dice.between(0.8, 1.0) } else { fabric.contrast(dice.between(0.2, 0.5)) };
    let edge = [
        (0.8, ground - sole - 0.2, 0.5),
        (26.8, ground - sole - dice.between(0.0, 0.8), 0.4),
        (27.0, ground, 0.5),
        (3.0, ground + 0.2, 0.6),
        (0.6, ground - 0.5 * sole, 0.8),
    ];
    canvas.fill(Mode::Over, &edge, |_, _| sole_tone);
    canvas.line(&[(1.0, ground - sole), (26.8, ground - sole - 0.2)], 0.7, sole_tone * 0.4, 0.85);
    if dice.chance(0.5) {
        canvas.line(&[(1.0, ground + 0.1), (27.0, ground)], 0.8, sole_tone * 0.35, 0.8);
    }
}

/// Slanted stripes, a swoosh, a round badge or nothing.
fn side_mark(canvas: &mut Canvas, fabric: &Fabric, top: f32, bottom: f32, dice: &mut Dice) {
    let tone = fabric.contrast(dice.between(0.4, 0.75));
    match dice.below(5) {
        0 | 1 => {
            for index in 0..1 + dice.below(3) {
                let x = 13.2 + 2.8 * index as f32;
                canvas.line(&[(x + 1.4, top + 2.4), (x - 0.6, bottom - 0.6)], 1.2, tone, 0.9);
            }
        }
        2 => {
            let swoosh = curve((10.5, bottom - 3.0), (12.5, bottom + 0.2), (21.5, bottom - 5.0));
            canvas.stroke(Mode::Inside, &swoosh, (1.9, 0.5), tone, 0.95);
        }
        3 => canvas.line(&[(18.5, bottom - 4.2), (18.6, bottom - 4.2)], 3.0, tone, 0.9),
        _ => {}
    }
}

fn laces(canvas: &mut Canvas, fabric: &Fabric, from: Point, to: Point, dice: &mut Dice) {
    let (tone, count) = (if dice.chance(0.6) { 0.97 } else { fabric.contrast(0.6) }, 3 + dice.below(2));
    canvas.stroke(
        Mode::Inside,
        &[(from.0, from.1 + 0.4), (to.0, to.1 + 0.6)],
        (1.8, 2.0),
        fabric.tone * 0.45,
        0.7,
    );
    for index in 0..count {
        let part = (index as f32 + 0.4) / count as f32;
        let (x, y) = (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
        canvas.line(&[(x - 0.5, y - 0.6), (x + 0.7, y + 1.3)], 0.8, tone, 0.9);
    }
}
