//! Coats and jackets.

use super::canvas::{Canvas, Mode, mirrored, on_side};
use super::fabric::{Fabric, Pattern};
use super::top::{Cut, Sleeve, body, edges, long_sleeved};
use crate::data::dice::Dice;

pub(super) fn coat(canvas: &mut Canvas, dice: &mut Dice) {
    let pattern = match dice.below(10) {
        0..=7 => Pattern::Plain,
        8 => Pattern::Check { period: dice.between(3.5, 5.5) },
        _ => Pattern::Block { level: dice.between(9.0, 13.0) },
    };
    let fabric = Fabric::draw(dice, pattern);
    let mut cut = long_sleeved(dice);
    cut.hem_at = dice.between(26.0, 27.2);
    cut.hem = cut.chest + dice.between(0.3, 1.6);
    cut.neck = dice.between(1.8, 2.8);
    cut.neck_depth = 1.2;
    cut.sleeve = Sleeve::Long {
        reach: dice.between(12.0, 13.2),
        end: dice.between(23.0, 25.4),
        width: dice.between(3.0, 4.0),
    };
    body(canvas, &cut, &fabric, dice);

    let (dark, bright) = (fabric.tone * 0.4, (fabric.tone * 1.25).min(1.0));
    // The open front: a dark line with a bright edge, or a strip of the lining.
    let (start, lean) = (cut.top + 2.5, dice.between(-0.6, 0.6));
    if dice.chance(0.3) {
        let half = dice.between(0.8, 1.8);
        let gap =
            [(13.4, start, 0.0), (14.6, start, 0.0), (14.0 + half, 28.0, 0.0), (14.0 - half, 28.0, 0.0)];
        canvas.tint(&gap, dark * 0.5, 0.95);
    } else {
        canvas.line(&[(14.0, start), (14.0 + lean, 28.0)], 1.0, dark, 0.9);
        canvas.line(&[(15.0, start), (15.0 + lean, 28.0)], 0.8, bright, 0.6);
    }
    if dice.chance(0.25) {
        hood(canvas, &cut, &fabric);
    } else {
        lapels(canvas, &cut, &fabric, dice);
    }
    buttons_and_pockets(canvas, &cut, &fabric, dice);
    edges(canvas, &cut, fabric.contrast(0.2), 1.0, dice.between(0.1, 0.6));
}

fn hood(canvas: &mut Canvas, cut: &Cut, fabric: &Fabric) {
    let reach = cut.neck + 2.6;
    let outer = mirrored(&[
        (14.01, cut.top - 1.6, 1.0),
        (14.0 + reach * 0.8, cut.top - 1.2, 0.9),
        (14.0 + reach, cut.top + 3.6, 0.8),
        (14.4, cut.top + 6.2, 0.3),
    ]);
    canvas.fill(Mode::Over, &outer, |x, y| 0.88 * fabric.at(x, y));
    let inner = mirrored(&[
        (14.01, cut.top + 0.2, 1.0),
        (14.0 + cut.neck, cut.top + 0.6, 0.9),
        (14.3, cut.top + 5.2, 0.3),
    ]);
    canvas.tint(&inner, fabric.tone * 0.3, 0.9);
}

fn lapels(canvas: &mut Canvas, cut: &Cut, fabric: &Fabric, dice: &mut Dice) {
    let (depth, width) = (dice.between(5.0, 9.5), dice.between(2.2, 3.6));
    let tone = if dice.chance(0.25) { fabric.second } else { fabric.tone };
    let cloth = fabric.plain(tone);
    for side in [-1.0, 1.0] {
        let lapel = [
            (14.0 + cut.neck * 0.4, cut.top - 0.7, 0.2),
            (14.0 + cut.neck + 0.9, cut.top + 0.5, 0.2),
            (14.0 + width + 1.6, cut.top + 3.6, 0.1),
            (14.2, cut.top + depth, 0.1),
            (14.2, cut.top + 2.2, 0.2),
        ];
        let outline = on_side(side, lapel);
        canvas.fill(Mode::Over, &outline, |x, y| 1.06 * cloth.at(x, y));
        let edge = [outline[1], outline[2], outline[3]].map(|(x, y, _)| (x, y));
        canvas.line(&edge, 0.7, fabric.tone * 0.4, 0.8);
    }
    // The shirt-dark triangle between them.
    let inside = [
        (14.0 - cut.neck * 0.5, cut.top - 0.4, 0.3),
        (14.0 + cut.neck * 0.5, cut.top - 0.4, 0.3),
        (14.0, cut.top + 0.6 * depth, 0.0),
    ];
    canvas.tint(&inside, fabric.tone * 0.25, 0.9);
}

fn buttons_and_pockets(canvas: &mut Canvas, cut: &Cut, fabric: &Fabric, dice: &mut Dice) {
    let spot = fabric.contrast(0.5);
    let columns: &[f32] = match dice.below(4) {
        0 => &[],
        1 | 2 => &[1.6],
        _ => &[-1.9, 1.9],
    };
    let (first, gap) = (cut.top + dice.between(8.0, 10.0), dice.between(3.2, 4.6));
    for &x in columns {
        let mut y = first;
        while y < cut.hem_at - 3.0 {
            canvas.line(&[(14.0 + x, y), (14.0 + x, y + 0.1)], 1.2, spot, 0.9);
            y += gap;
        }
    }
    if dice.chance(0.75) {
        let (y, slant) = (dice.between(17.5, 20.0), dice.between(-0.3, 1.4));
        for side in [-1.0, 1.0] {
            let line = [(14.0 + side * 2.8, y), (14.0 + side * 5.2, y + slant)];
            canvas.line(&line, 0.9, fabric.tone * 0.45, 0.85);
        }
    }
    if dice.chance(0.2) {
        let belt = [(0.0, 16.0, 0.0), (28.0, 16.0, 0.0), (28.0, 17.5, 0.0), (0.0, 17.5, 0.0)];
        canvas.tint(&belt, fabric.contrast(0.3), 0.8);
    }
}
