//! Trousers and dress.

use super::canvas::{Canvas, Mode, mirrored, on_side};
use super::fabric::{Fabric, Pattern};
use super::top::{Cut, Sleeve, body};
use crate::data::dice::Dice;

pub(super) fn trousers(canvas: &mut Canvas, dice: &mut Dice) {
    let pattern = match dice.below(16) {
        0..=13 => Pattern::Plain,
        14 => Pattern::Patches { size: dice.between(1.3, 2.6), share: dice.between(0.35, 0.5) },
        _ => Pattern::Fade,
    };
    let fabric = Fabric::draw(dice, pattern);
    let waist = dice.between(3.9, 5.0);
    let hips = waist + dice.between(0.5, 1.4);
    let crotch = dice.between(8.5, 11.0);
    let ankle = dice.between(25.4, 27.2);
    // Slim, straight or flared legs: where the hem's outer and inner edges lie.
    let outer = hips + dice.between(-2.0, 1.2);
    let inner = (outer - dice.between(2.3, 4.2)).max(0.5);
    let knee = dice.between(0.3, 1.0);
    let knee_at = 0.45 * crotch + 0.55 * ankle;
    for side in [-1.0, 1.0] {
        let shade = if side < 0.0 { 1.0 } else { dice.between(0.88, 1.0) };
        let leg = on_side(
            side,
            [
                (13.8, 1.2, 0.0),
                (14.0 + waist, 1.2, 0.05),
                (14.0 + hips, 7.0, 0.8),
                (14.0 + 0.5 * (hips + outer) - knee, knee_at, 0.9),
                (14.0 + outer, ankle, 0.05),
                (14.0 + inner, ankle + 0.2, 0.05),
                (14.0 + 0.55 * inner + 0.15, knee_at, 0.9),
                (14.0 + 0.1, crotch, 0.1),
            ],
        );
        canvas.fill(Mode::Over, &leg, |x, y| shade * fabric.at(x, y));
        crease(
            canvas,
            &fabric,
            side,
            [(0.55 * hips, 6.0), (0.5 * (hips + 0.5 * inner), knee_at), (0.5 * (outer + inner), ankle - 1.0)],
            dice,
        );
        let pocket = [(14.0 + side * (waist - 1.6), 2.8), (14.0 + side * (hips - 0.4), 5.4)];
        canvas.line(&pocket, 0.7, fabric.tone * 0.5, 0.7);
    }
    let band = fabric.contrast(dice.between(0.1, 0.4));
    canvas.tint(
        &[(0.0, 0.0, 0.0), (28.0, 0.0, 0.0), (28.0, 2.6, 0.0), (0.0, 2.6, 0.0)],
        band,
        dice.between(0.4, 0.9),
    );
    canvas.line(&[(14.0, 2.4), (14.0, crotch)], 0.7, fabric.tone * 0.45, 0.7);
    if dice.chance(0.5) {
        canvas.line(&[(14.0, 1.9), (14.1, 1.9)], 1.1, fabric.contrast(0.6), 0.9);
    }
    if dice.chance(0.2) {
        let hem = [(0.0, ankle - 1.6, 0.0), (28.0, ankle - 1.6, 0.0), (28.0, 28.0, 0.0), (0.0, 28.0, 0.0)];
        canvas.tint(&hem, band, 0.8);
    }
}

/// The lighter middle of a leg, and sometimes a hole at the knee.
fn crease(canvas: &mut Canvas, fabric: &Fabric, side: f32, line: [(f32, f32); 3], dice: &mut Dice) {
    let line = line.map(|(x, y)| (14.0 + side * x, y));
    canvas.stroke(Mode::Inside, &line, (1.6, 1.0), (fabric.tone * 1.3).min(1.0), dice.between(0.1, 0.5));
    if dice.chance(0.1) {
        let (x, y) = line[1];
        canvas.line(&[(x - 0.8, y), (x + 0.8, y)], 1.2, fabric.contrast(0.4), 0.8);
    }
}

pub(super) fn dress(canvas: &mut Canvas, dice: &mut Dice) {
    let pattern = match dice.below(14) {
        0..=8 => Pattern::Plain,
        9 => {
            Pattern::Stripes { period: dice.between(3.0, 5.0), share: dice.between(0.3, 0.5), upright: false }
        }
        10 => Pattern::Patches { size: dice.between(1.5, 3.0), share: dice.between(0.35, 0.5) },
        11 => Pattern::Dots { period: dice.between(3.0, 4.2) },
        12 => Pattern::Block { level: 11.5 },
        _ => Pattern::Fade,
    };
    let fabric = Fabric::draw(dice, pattern);
    let shoulder = dice.between(3.7, 4.9);
    let chest = shoulder - dice.between(-0.2, 0.5);
    let waist_at = dice.between(10.5, 13.0);
    let armpit = dice.between(6.6, 7.8);
    let flared = dice.chance(0.65);
    let hem = chest + if flared { dice.between(2.2, 5.6) } else { dice.between(-0.3, 1.0) };
    let sleeve = match dice.below(10) {
        0..=4 => Sleeve::None,
        5..=7 => Sleeve::Short {
            reach: shoulder + dice.between(1.6, 3.4),
            end: dice.between(6.0, 8.4),
            width: dice.between(1.8, 2.6),
        },
        _ => Sleeve::Long {
            reach: shoulder + dice.between(3.0, 4.6),
            end: dice.between(14.5, 19.0),
            width: dice.between(1.9, 2.5),
        },
    };
    let strapless = sleeve == Sleeve::None && dice.chance(0.5);
    let cut = Cut {
        top: if strapless { 3.4 } else { 1.0 },
        neck: if strapless { chest - 0.9 } else { dice.between(1.8, 2.8) },
        neck_depth: if strapless { dice.between(0.4, 1.4) } else { dice.between(1.6, 4.0) },
        pointed: dice.chance(0.35),
        shoulder: if strapless {
            chest
        } else if sleeve == Sleeve::None {
            shoulder - 0.6
        } else {
            shoulder
        },
        drop: dice.between(0.5, 1.0),
        armpit,
        chest,
        waist: chest - dice.between(0.5, 1.3),
        waist_at,
        hem,
        hem_at: dice.between(25.6, 26.8),
        hem_curve: dice.between(0.0, 0.9),
        sleeve,
    };
    body(canvas, &cut, &fabric, dice);
    if strapless {
        for side in [-1.0, 1.0] {
            let strap = [(14.0 + side * (chest - 1.2), 4.6), (14.0 + side * (chest - 1.9), 0.8)];
            canvas.strap(&strap, (0.9, 0.8), fabric.tone);
        }
    }
    skirt(canvas, &cut, &fabric, flared, dice);
}

/// Waist band and pleats below it.
fn skirt(canvas: &mut Canvas, cut: &Cut, fabric: &Fabric, flared: bool, dice: &mut Dice) {
    if dice.chance(0.6) {
        let (tone, half) = (fabric.contrast(dice.between(0.25, 0.6)), dice.between(0.4, 1.0));
        let y = cut.waist_at + dice.between(-0.3, 0.6);
        let right = [(14.0 + 8.0, y - half, 0.0), (14.0 + 8.0, y + half, 0.0)];
        canvas.tint(&mirrored(&right), tone, 0.85);
    }
    if flared && dice.chance(0.75) {
        let pleats = 2 + dice.below(3);
        for index in 0..pleats {
            let part = (index as f32 + 0.5) / pleats as f32 * 2.0 - 1.0;
            let wobble = dice.between(-0.4, 0.4);
            let line = [
                (14.0 + part * (cut.waist - 0.6), cut.waist_at + 1.5),
                (14.0 + part * cut.hem + wobble, cut.hem_at + 1.0),
            ];
            let (dark, bright) = (fabric.tone * 0.55, (fabric.tone * 1.25).min(1.0));
            canvas.stroke(Mode::Inside, &line, (0.4, 1.0), dark, dice.between(0.35, 0.75));
            let beside = line.map(|(x, y)| (x + 1.1, y));
            canvas.stroke(Mode::Inside, &beside, (0.3, 0.9), bright, dice.between(0.2, 0.5));
        }
    }
}
