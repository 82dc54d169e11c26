//! T-shirt and pullover.

use super::canvas::{Canvas, Mode, curve, mirrored};
use super::fabric::{Fabric, Pattern};
use super::top::{Cut, Sleeve, body, edges, long_sleeved};
use crate::data::dice::Dice;

fn knit_or_print(dice: &mut Dice) -> Pattern {
    match dice.below(16) {
        0..=9 => Pattern::Plain,
        10..=12 => Pattern::Stripes {
            period: dice.between(2.8, 6.5),
            share: dice.between(0.25, 0.6),
            upright: false,
        },
        13 => Pattern::Patches { size: dice.between(1.5, 3.2), share: dice.between(0.35, 0.55) },
        14 => Pattern::Block { level: dice.between(9.0, 16.0) },
        _ => Pattern::Dots { period: dice.between(3.0, 4.4) },
    }
}

pub(super) fn t_shirt(canvas: &mut Canvas, dice: &mut Dice) {
    let pattern = knit_or_print(dice);
    let fabric = Fabric::draw(dice, pattern);
    let shoulder = dice.between(6.6, 8.2);
    let chest = shoulder - dice.between(0.4, 1.2);
    let reach = dice.between(11.2, 13.2);
    let hem = chest + dice.between(-0.3, 1.0);
    let cut = Cut {
        top: dice.between(1.2, 2.2),
        neck: dice.between(2.6, 4.0),
        neck_depth: dice.between(1.6, 3.6),
        pointed: dice.chance(0.25),
        shoulder,
        drop: dice.between(0.9, 1.7),
        armpit: dice.between(9.0, 10.4),
        chest,
        waist: chest - dice.between(0.0, 0.9),
        waist_at: dice.between(16.0, 19.0),
        hem,
        hem_at: dice.between(25.8, 27.0),
        hem_curve: dice.between(-0.2, 0.8),
        sleeve: Sleeve::Short { reach, end: dice.between(8.6, 11.4), width: dice.between(2.8, 4.0) },
    };
    body(canvas, &cut, &fabric, dice);
    edges(canvas, &cut, fabric.contrast(0.2), 1.2, dice.between(0.2, 0.7));
    if pattern == Pattern::Plain && dice.chance(0.6) {
        print(canvas, &fabric, dice);
    }
}

pub(super) fn pullover(canvas: &mut Canvas, dice: &mut Dice) {
    let pattern = knit_or_print(dice);
    let fabric = Fabric::draw(dice, pattern);
    let mut cut = long_sleeved(dice);
    cut.pointed = dice.chance(0.2);
    let high_neck = dice.chance(0.15);
    if high_neck {
        cut.neck_depth = 0.6;
    }
    body(canvas, &cut, &fabric, dice);
    if high_neck {
        let collar = mirrored(&[
            (14.0 + cut.neck - 0.3, cut.top - 1.4, 0.2),
            (14.0 + cut.neck + 0.3, cut.top + 1.4, 0.4),
        ]);
        let cloth = fabric.plain(fabric.tone);
        canvas.fill(Mode::Over, &collar, |x, y| 0.92 * cloth.at(x, y));
        canvas.line(
            &curve((14.0 - cut.neck, cut.top + 1.2), (14.0, cut.top + 2.2), (14.0 + cut.neck, cut.top + 1.2)),
            0.7,
            fabric.tone * 0.5,
            0.8,
        );
    }
    let height = dice.between(1.6, 2.6);
    edges(canvas, &cut, fabric.contrast(dice.between(0.12, 0.35)), height, dice.between(0.5, 0.9));
    if pattern == Pattern::Plain {
        match dice.below(4) {
            0 | 1 => print(canvas, &fabric, dice),
            2 => {
                // Cables down the front.
                for x in [-3.0, 0.0, 3.0] {
                    canvas.line(
                        &[(14.0 + x, cut.top + 4.0), (14.0 + x, cut.hem_at - height)],
                        0.9,
                        fabric.contrast(0.2),
                        0.6,
                    );
                }
            }
            _ => {}
        }
    }
}

/// A badge, a line of letters, a bar or a disc on the chest.
fn print(canvas: &mut Canvas, fabric: &Fabric, dice: &mut Dice) {
    let (tone, y) = (fabric.contrast(dice.between(0.45, 0.8)), dice.between(9.0, 13.0));
    match dice.below(5) {
        0 => {
            let radius = dice.between(2.0, 3.6);
            let disc = [
                (14.0 - radius, y, 1.0),
                (14.0, y - radius, 1.0),
                (14.0 + radius, y, 1.0),
                (14.0, y + radius, 1.0),
            ]
            .map(|(x, y, round)| (14.0 + 1.2 * (x - 14.0), y, round));
            canvas.tint(&disc, tone, 0.95);
            if dice.chance(0.5) {
                canvas.line(&[(12.6, y), (15.4, y)], 1.0, fabric.tone, 0.9);
            }
        }
        1 => {
            let half = dice.between(2.5, 4.2);
            for row in 0..1 + dice.below(3) {
                let at = y + 1.9 * row as f32;
                let reach = half * dice.between(0.7, 1.0);
                let mut x = 14.0 - reach;
                while x < 14.0 + reach - 0.4 {
                    let letter = dice.between(0.7, 1.5);
                    canvas.line(&[(x, at), ((x + letter).min(14.0 + reach), at)], 1.1, tone, 0.9);
                    x += letter + 1.1;
                }
            }
        }
        2 => {
            let (half, height) = (dice.between(2.4, 4.0), dice.between(2.0, 5.0));
            let block = [
                (14.0 - half, y, 0.1),
                (14.0 + half, y, 0.1),
                (14.0 + half, y + height, 0.1),
                (14.0 - half, y + height, 0.1),
            ];
            canvas.tint(&block, tone, 0.9);
            if dice.chance(0.6) {
                canvas.line(
                    &[(14.0 - half + 1.0, y + 0.5 * height), (14.0 + half - 1.0, y + 0.5 * height)],
                    0.9,
                    fabric.tone,
                    0.8,
                );
            }
        }
        3 => {
            let height = dice.between(1.5, 3.5);
            canvas.tint(
                &[(0.0, y, 0.0), (28.0, y, 0.0), (28.0, y + height, 0.0), (0.0, y + height, 0.0)],
                tone,
                0.85,
            );
        }
        _ => {
            let side = if dice.chance(0.5) { 2.8 } else { -2.8 };
            canvas.line(&[(14.0 + side - 0.5, y - 1.0), (14.0 + side + 0.5, y - 1.0)], 1.6, tone, 0.95);
        }
    }
}
